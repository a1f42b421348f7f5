CREATE TABLE `api_key` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`client_id` integer NOT NULL,
	`hash` text NOT NULL,
	`prefix` text NOT NULL,
	`last4` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`active` integer NOT NULL,
	`retired_at` integer,
	`last_used_at` integer,
	FOREIGN KEY (`client_id`) REFERENCES `client`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "api_key_active" CHECK(active IN (0, 1)),
	CONSTRAINT "api_key_scopes" CHECK(json_type(scopes) = 'array')
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_key_hash_unique` ON `api_key` (`hash`);--> statement-breakpoint
CREATE INDEX `api_key_by_client` ON `api_key` (`client_id`);--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`client_id` integer,
	`key_id` integer,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`origin` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `audit_by_time` ON `audit` (`at`);--> statement-breakpoint
CREATE TABLE `client` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`contact` text,
	`access` text NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer,
	CONSTRAINT "client_access" CHECK(access IN ('own', 'all'))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `client_name_unique` ON `client` (`name`);--> statement-breakpoint
CREATE TABLE `consultant` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`title` text,
	`registration` text NOT NULL,
	`qualification` text,
	`speciality_id` integer NOT NULL,
	`retired_at` integer,
	FOREIGN KEY (`speciality_id`) REFERENCES `speciality`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `consultant_registration_unique` ON `consultant` (`registration`);--> statement-breakpoint
CREATE INDEX `consultant_by_speciality` ON `consultant` (`speciality_id`);--> statement-breakpoint
CREATE TABLE `consultant_hospital` (
	`consultant_id` integer NOT NULL,
	`hospital_id` integer NOT NULL,
	PRIMARY KEY(`consultant_id`, `hospital_id`),
	FOREIGN KEY (`consultant_id`) REFERENCES `consultant`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`hospital_id`) REFERENCES `hospital`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `consultant_hospital_by_hospital` ON `consultant_hospital` (`hospital_id`);--> statement-breakpoint
CREATE TABLE `hospital` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`code` text NOT NULL,
	`city` text,
	`phone` text,
	`retired_at` integer
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `hospital_name_unique` ON `hospital` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `hospital_code_unique` ON `hospital` (`code`);--> statement-breakpoint
CREATE TABLE `schedule` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`consultant_id` integer NOT NULL,
	`hospital_id` integer NOT NULL,
	`weekday` integer NOT NULL,
	`start_minute` integer NOT NULL,
	`duration_minutes` integer NOT NULL,
	`room` text,
	`capacity` integer NOT NULL,
	`starting_number` integer DEFAULT 1 NOT NULL,
	`reserved_numbers` text DEFAULT '[]' NOT NULL,
	`minutes_per_patient` integer NOT NULL,
	`local_doctor_fee` integer NOT NULL,
	`local_hospital_fee` integer NOT NULL,
	`foreign_doctor_fee` integer NOT NULL,
	`foreign_hospital_fee` integer NOT NULL,
	`valid_from` text,
	`valid_to` text,
	`retired_at` integer,
	FOREIGN KEY (`consultant_id`) REFERENCES `consultant`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`hospital_id`) REFERENCES `hospital`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "schedule_weekday" CHECK(weekday BETWEEN 1 AND 7),
	CONSTRAINT "schedule_time" CHECK(start_minute BETWEEN 0 AND 1439 AND duration_minutes BETWEEN 1 AND 1440),
	CONSTRAINT "schedule_terms" CHECK(capacity >= 0 AND starting_number >= 1 AND minutes_per_patient >= 1
  AND local_doctor_fee >= 0 AND local_hospital_fee >= 0 AND foreign_doctor_fee >= 0 AND foreign_hospital_fee >= 0
  AND json_type(reserved_numbers) = 'array')
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `schedule_slot` ON `schedule` (`consultant_id`,`hospital_id`,`weekday`,`start_minute`);--> statement-breakpoint
CREATE TABLE `session` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`schedule_id` integer,
	`consultant_id` integer NOT NULL,
	`hospital_id` integer NOT NULL,
	`starts_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`room` text,
	`capacity` integer NOT NULL,
	`starting_number` integer DEFAULT 1 NOT NULL,
	`reserved_numbers` text DEFAULT '[]' NOT NULL,
	`minutes_per_patient` integer NOT NULL,
	`local_doctor_fee` integer NOT NULL,
	`local_hospital_fee` integer NOT NULL,
	`foreign_doctor_fee` integer NOT NULL,
	`foreign_hospital_fee` integer NOT NULL,
	`currency` text NOT NULL,
	`holiday` integer DEFAULT false NOT NULL,
	`ended_at` integer,
	`cancelled_at` integer,
	`started_at` integer,
	`held_at` integer,
	`status_reason` text,
	FOREIGN KEY (`schedule_id`) REFERENCES `schedule`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`consultant_id`) REFERENCES `consultant`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`hospital_id`) REFERENCES `hospital`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "session_times" CHECK(ends_at > starts_at),
	CONSTRAINT "session_holiday" CHECK(holiday IN (0, 1)),
	CONSTRAINT "session_terms" CHECK(capacity >= 0 AND starting_number >= 1 AND minutes_per_patient >= 1
  AND local_doctor_fee >= 0 AND local_hospital_fee >= 0 AND foreign_doctor_fee >= 0 AND foreign_hospital_fee >= 0
  AND json_type(reserved_numbers) = 'array')
) STRICT;
--> statement-breakpoint
CREATE INDEX `session_by_start` ON `session` (`starts_at`);--> statement-breakpoint
CREATE INDEX `session_by_cancellation` ON `session` (`cancelled_at`) WHERE cancelled_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `session_by_hospital` ON `session` (`hospital_id`,`starts_at`);--> statement-breakpoint
CREATE INDEX `session_by_consultant` ON `session` (`consultant_id`,`starts_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `session_slot` ON `session` (`consultant_id`,`hospital_id`,`starts_at`);--> statement-breakpoint
CREATE TABLE `speciality` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`code` text NOT NULL,
	`description` text,
	`retired_at` integer
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `speciality_name_unique` ON `speciality` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `speciality_code_unique` ON `speciality` (`code`);--> statement-breakpoint
CREATE TABLE `patient` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`phn` text NOT NULL,
	`title` text,
	`name` text NOT NULL,
	`name_key` text NOT NULL,
	`sex` text,
	`dob` text,
	`phone` text,
	`nic` text,
	`nic_key` text,
	`passport` text,
	`email` text,
	`address` text,
	`foreigner` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "patient_foreigner" CHECK(foreigner IN (0, 1))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `patient_phn_unique` ON `patient` (`phn`);--> statement-breakpoint
CREATE UNIQUE INDEX `patient_nic` ON `patient` (`nic_key`) WHERE nic_key IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `patient_passport` ON `patient` (`passport`) WHERE passport IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `patient_person` ON `patient` (`name_key`,`dob`,`phone`) WHERE dob IS NOT NULL AND phone IS NOT NULL;--> statement-breakpoint
CREATE INDEX `patient_by_phone` ON `patient` (`phone`);--> statement-breakpoint
CREATE INDEX `patient_by_email` ON `patient` (`email`);--> statement-breakpoint
CREATE TABLE `answer` (
	`client_id` integer NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`outcome` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`client_id`, `key`),
	FOREIGN KEY (`client_id`) REFERENCES `client`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `answer_by_age` ON `answer` (`created_at`);--> statement-breakpoint
CREATE TABLE `booking` (
	`id` integer PRIMARY KEY NOT NULL,
	`session_id` integer NOT NULL,
	`number` integer NOT NULL,
	`status` text NOT NULL,
	`patient_id` integer NOT NULL,
	`client_id` integer NOT NULL,
	`payment_method` text NOT NULL,
	`payment_reference` text,
	`paid` integer NOT NULL,
	`foreigner` integer NOT NULL,
	`doctor_fee` integer NOT NULL,
	`hospital_fee` integer NOT NULL,
	`currency` text NOT NULL,
	`reference` text,
	`item_id` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`cancelled_at` integer,
	`cancel_reason` text,
	FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`patient_id`) REFERENCES `patient`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`client_id`) REFERENCES `client`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "booking_status" CHECK(status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT', 'PATIENT_CANCELED', 'DOCTOR_CANCELED', 'EXPIRED')),
	CONSTRAINT "booking_held" CHECK((status = 'PENDING') <= (expires_at IS NOT NULL)),
	CONSTRAINT "booking_flags" CHECK(paid IN (0, 1) AND foreigner IN (0, 1)),
	CONSTRAINT "booking_amounts" CHECK(number >= 1 AND doctor_fee >= 0 AND hospital_fee >= 0)
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `booking_number` ON `booking` (`session_id`,`number`) WHERE status IN ('PENDING', 'ACTIVE', 'COMPLETED', 'ABSENT');--> statement-breakpoint
CREATE UNIQUE INDEX `booking_reference` ON `booking` (`client_id`,`reference`) WHERE reference IS NOT NULL;--> statement-breakpoint
CREATE INDEX `booking_by_patient` ON `booking` (`patient_id`,`id`);--> statement-breakpoint
CREATE INDEX `booking_by_expiry` ON `booking` (`expires_at`) WHERE status = 'PENDING';--> statement-breakpoint
CREATE INDEX `booking_held` ON `booking` (`session_id`,`expires_at`) WHERE status = 'PENDING';--> statement-breakpoint
CREATE TABLE `booking_clock` (
	`one` integer PRIMARY KEY NOT NULL,
	`latest` integer NOT NULL,
	CONSTRAINT "booking_clock_one" CHECK(one = 1)
) STRICT;
--> statement-breakpoint
CREATE TABLE `booking_sequence` (
	`one` integer PRIMARY KEY NOT NULL,
	`next` integer NOT NULL,
	CONSTRAINT "booking_sequence_one" CHECK(one = 1)
) STRICT;
--> statement-breakpoint
CREATE TABLE `seat` (
	`session_id` integer PRIMARY KEY NOT NULL,
	`capacity` integer NOT NULL,
	`taken` integer DEFAULT 0 NOT NULL,
	`next_number` integer NOT NULL,
	`released` text DEFAULT '[]' NOT NULL,
	`version` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "seat_taken" CHECK(taken >= 0 AND (capacity = 0 OR taken <= capacity)),
	CONSTRAINT "seat_released" CHECK(json_type(released) = 'array')
) STRICT;
--> statement-breakpoint
CREATE TABLE `event` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`type` text NOT NULL,
	`session_id` integer NOT NULL,
	`booking_id` integer,
	`client_id` integer,
	`payload` text NOT NULL,
	`at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `event_by_booking` ON `event` (`booking_id`,`seq`);--> statement-breakpoint
CREATE TABLE `ticket` (
	`hash` text PRIMARY KEY NOT NULL,
	`client_id` integer NOT NULL,
	`key_id` integer NOT NULL,
	`scopes` text NOT NULL,
	`access` text NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`client_id`) REFERENCES `client`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `ticket_by_expiry` ON `ticket` (`expires_at`);