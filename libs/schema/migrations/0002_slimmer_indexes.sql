DROP INDEX `booking_by_patient`;--> statement-breakpoint
CREATE INDEX `booking_by_patient` ON `booking` (`patient_id`);--> statement-breakpoint
DROP INDEX `event_by_booking`;--> statement-breakpoint
CREATE INDEX `event_by_booking` ON `event` (`booking_id`);