CREATE TRIGGER `session_gets_seat` AFTER INSERT ON `session` BEGIN
  INSERT INTO `seat` (`session_id`, `capacity`, `next_number`)
  SELECT NEW.`id`, NEW.`capacity`, min(n) FROM (
    SELECT NEW.`starting_number` AS n
    UNION ALL
    SELECT value + 1 FROM json_each(NEW.`reserved_numbers`) WHERE value >= NEW.`starting_number`
  ) WHERE n NOT IN (SELECT value FROM json_each(NEW.`reserved_numbers`));
END;
--> statement-breakpoint
CREATE TRIGGER `session_changes_seat` AFTER UPDATE ON `session` BEGIN
  UPDATE `seat` SET `capacity` = NEW.`capacity`, `version` = `version` + 1 WHERE `session_id` = NEW.`id`;
END;
--> statement-breakpoint
INSERT INTO `booking_sequence` (`one`, `next`) VALUES (1, 1);
--> statement-breakpoint
INSERT INTO `booking_clock` (`one`, `latest`) VALUES (1, 0);
