CREATE TABLE `key_usage` (
	`key_id` integer NOT NULL,
	`day` text NOT NULL,
	`requests` integer NOT NULL,
	PRIMARY KEY(`key_id`, `day`),
	FOREIGN KEY (`key_id`) REFERENCES `api_key`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "key_usage_requests" CHECK(requests >= 0),
	CONSTRAINT "key_usage_day" CHECK(day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]')
) STRICT;
--> statement-breakpoint
CREATE INDEX `booking_by_holder` ON `booking` (`client_id`,`session_id`,`expires_at`) WHERE status = 'PENDING';