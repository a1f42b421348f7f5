CREATE TABLE `event_stream` (
	`one` integer PRIMARY KEY NOT NULL,
	`epoch` text NOT NULL,
	`lowest_seq` integer NOT NULL,
	CONSTRAINT "event_stream_one" CHECK(one = 1),
	CONSTRAINT "event_stream_lowest_seq" CHECK(lowest_seq >= 1)
) STRICT;
--> statement-breakpoint
INSERT INTO `event_stream` (`one`, `epoch`, `lowest_seq`) VALUES (1, lower(hex(randomblob(8))), 1);
