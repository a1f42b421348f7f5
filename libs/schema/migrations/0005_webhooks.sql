CREATE TABLE `webhook` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`client_id` integer NOT NULL,
	`url` text NOT NULL,
	`description` text,
	`session_ids` text,
	`consultant_ids` text,
	`types` text,
	`secret` text NOT NULL,
	`previous_secret` text,
	`previous_until` integer,
	`epoch` text NOT NULL,
	`cursor` integer NOT NULL,
	`created_at` integer NOT NULL,
	`paused_at` integer,
	`pause_reason` text,
	`failing_since` integer,
	`deleted_at` integer,
	FOREIGN KEY (`client_id`) REFERENCES `client`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "webhook_paused" CHECK((paused_at IS NULL) = (pause_reason IS NULL)),
	CONSTRAINT "webhook_pause_reason" CHECK(pause_reason IN ('asked', 'gone', 'failing')),
	CONSTRAINT "webhook_rotation" CHECK((previous_secret IS NULL) = (previous_until IS NULL)),
	CONSTRAINT "webhook_cursor" CHECK(cursor >= 0)
) STRICT;
--> statement-breakpoint
CREATE INDEX `webhook_by_client` ON `webhook` (`client_id`);--> statement-breakpoint
CREATE TABLE `webhook_delivery` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`webhook_id` integer NOT NULL,
	`message_id` text NOT NULL,
	`seq` integer,
	`type` text NOT NULL,
	`session_id` integer NOT NULL,
	`message` text,
	`status` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`failing_since` integer,
	`created_at` integer NOT NULL,
	`next_at` integer,
	`last_at` integer,
	`http_status` integer,
	`failure` text,
	`duration_ms` integer,
	FOREIGN KEY (`webhook_id`) REFERENCES `webhook`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "webhook_delivery_status" CHECK(status IN ('waiting', 'delivered', 'failed')),
	CONSTRAINT "webhook_delivery_message" CHECK((status = 'waiting') = (message IS NOT NULL)),
	CONSTRAINT "webhook_delivery_next" CHECK(next_at IS NULL OR status = 'waiting'),
	CONSTRAINT "webhook_delivery_counts" CHECK(attempts >= 0 AND failures >= 0)
) STRICT;
--> statement-breakpoint
CREATE INDEX `webhook_delivery_by_webhook` ON `webhook_delivery` (`webhook_id`,`status`);--> statement-breakpoint
CREATE INDEX `webhook_delivery_waiting` ON `webhook_delivery` (`webhook_id`,`session_id`) WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX `webhook_delivery_due` ON `webhook_delivery` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `webhook_delivery_by_age` ON `webhook_delivery` (`created_at`) WHERE status <> 'waiting';