-- Every task keeps 0008_task_times.sql: read in a transaction of its own, while others read and write.
-- docs/operations/database.md says what to do about a task that does not.

ALTER TABLE tasks VALIDATE CONSTRAINT tasks_rules;
