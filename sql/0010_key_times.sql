-- The times of a task that is kept as an answer (0004_idempotency_keys.sql), within the same bounds as a task's own;
-- 0011_key_times_hold.sql has the rows that are there read.

ALTER TABLE idempotency_keys
  ADD CONSTRAINT idempotency_keys_times CHECK (
    created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00' AND
    updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;
