-- Every task keeps 0018_task_versions.sql: read in a transaction of its own, while others read and write.

ALTER TABLE tasks VALIDATE CONSTRAINT tasks_rules;
