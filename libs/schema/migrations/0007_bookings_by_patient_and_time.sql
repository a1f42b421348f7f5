DROP INDEX `booking_by_patient`;--> statement-breakpoint
CREATE INDEX `booking_by_patient` ON `booking` (`patient_id`,`created_at`);