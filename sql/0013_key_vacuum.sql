-- The same for idempotency_keys (0012_task_vacuum.sql). Each of its rows is dead a day after it came: a sweep that looks
-- for the oldest has to read past those that no vacuum has removed yet.

ALTER TABLE idempotency_keys SET (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_insert_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.01, autovacuum_analyze_threshold = 1000);
