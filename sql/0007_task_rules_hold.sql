-- Every task keeps 0006_task_rules.sql: read in a transaction of its own, while others read and write.

ALTER TABLE tasks VALIDATE CONSTRAINT tasks_rules;
