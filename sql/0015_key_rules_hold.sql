-- Every kept answer keeps 0014_key_rules.sql: read in a transaction of its own, while others read and write.

ALTER TABLE idempotency_keys VALIDATE CONSTRAINT idempotency_keys_rules;
