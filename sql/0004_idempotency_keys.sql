-- What was answered to requests with an Idempotency-Key, for 24 hours, so that a client can repeat a request
-- whose outcome it does not know. docs/adr/0010-idempotency-keys.md says how; the workers' statements are in
-- app/postgres/statements.h.
--
-- The answer is kept as the task it was, whatever becomes of the task: hence no foreign key. The primary key
-- begins with user_id: the table distributes by it as tasks does.

CREATE TABLE idempotency_keys (
  user_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  -- SHA-256 of what was asked: the operation, the task, and what the body means.
  fingerprint bytea NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now(),

  -- The task as it was answered, by the names of tasks' own columns.
  id bigint NOT NULL,
  title text NOT NULL,
  description text,
  completed boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,

  PRIMARY KEY (user_id, key),
  CONSTRAINT idempotency_keys_user_id_length CHECK (char_length(user_id) BETWEEN 1 AND 255),
  CONSTRAINT idempotency_keys_key_form CHECK (key ~ '^[!-~]{1,255}$' AND key !~ '[",\\]'),
  CONSTRAINT idempotency_keys_fingerprint_length CHECK (octet_length(fingerprint) = 32)
);

COMMENT ON TABLE idempotency_keys IS
  'What was answered to requests with an Idempotency-Key; a row counts for 24 hours, then the workers delete it.';
COMMENT ON INDEX idempotency_keys_pkey IS
  'One answer: SELECT and DELETE … WHERE user_id = $1 AND key = $2; and what keeps two requests at once apart';

-- The sweep: DELETE … WHERE stored_at <= now() - interval '24 hours', the oldest first
CREATE INDEX idx_idempotency_key_stored_at ON idempotency_keys (stored_at);
COMMENT ON INDEX idx_idempotency_key_stored_at IS
  'The sweep: SELECT … WHERE stored_at <= now() - interval ''24 hours'' ORDER BY stored_at LIMIT …';

REVOKE ALL ON idempotency_keys FROM PUBLIC;

-- As 0003_role.sql made it, with the rights on this table.
CREATE OR REPLACE PROCEDURE tasklane_grant(role regrole) LANGUAGE plpgsql AS $procedure$
DECLARE
  home text := quote_ident(current_schema());
BEGIN
  IF role::oid = (SELECT relowner FROM pg_class WHERE oid = 'tasks'::regclass) THEN
    RAISE NOTICE 'role % owns the tables and has every right on them', role;
    RETURN;
  END IF;

  IF NOT has_schema_privilege(role, current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', home, role);
  END IF;
  -- Whatever default privileges may have given goes first: TRUNCATE, REFERENCES, TRIGGER, whole-table UPDATE.
  EXECUTE format('REVOKE ALL ON tasks, idempotency_keys, tasklane_migrations, tasklane_public_keys FROM %s',
                 role);
  EXECUTE format('GRANT SELECT, DELETE ON tasks TO %s', role);
  -- Ids come from the sequence alone (that is what keeps them unique across users), and a task never changes
  -- its id, its owner or its time of creation.
  EXECUTE format('GRANT INSERT (user_id, title, description, completed, created_at, updated_at)'
                 ' ON tasks TO %s', role);
  EXECUTE format('GRANT UPDATE (title, description, completed, updated_at) ON tasks TO %s', role);
  -- What was answered is never changed, and the time that it counts from is the database's.
  EXECUTE format('GRANT SELECT, DELETE ON idempotency_keys TO %s', role);
  EXECUTE format('GRANT INSERT (user_id, key, fingerprint, id, title, description, completed, created_at,'
                 ' updated_at) ON idempotency_keys TO %s', role);
  EXECUTE format('GRANT SELECT ON tasklane_public_keys TO %s', role);
  EXECUTE format('GRANT EXECUTE ON FUNCTION tasklane_read_public_keys() TO %s', role);

  -- Roles belong to the whole cluster: another database's migration may be altering this one right now
  -- ("tuple concurrently updated"), which a second try cures.
  FOR attempt IN 1..20 LOOP
    BEGIN
      EXECUTE format('ALTER ROLE %s SET statement_timeout = ''5s''', role);
      EXECUTE format('ALTER ROLE %s SET lock_timeout = ''4s''', role);
      EXECUTE format('ALTER ROLE %s SET idle_in_transaction_session_timeout = ''4s''', role);
      IF home <> 'public' THEN
        EXECUTE format('ALTER ROLE %s IN DATABASE %I SET search_path = %s', role, current_database(), home);
      END IF;
      EXIT;
    EXCEPTION
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role % keeps its own timeouts: % may not alter it', role, current_user;
        EXIT;
      WHEN internal_error OR unique_violation THEN
        IF attempt = 20 THEN
          RAISE;
        END IF;
        PERFORM pg_sleep(0.1);
    END;
  END LOOP;
END
$procedure$;

DO $do$
DECLARE
  role regrole;
BEGIN
  EXECUTE format('ALTER PROCEDURE tasklane_grant(regrole) SET search_path = %I, pg_temp', current_schema());

  -- Whoever serves already, by whatever name.
  FOR role IN
    SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl
    WHERE pg_class.oid = 'tasks'::regclass AND acl.privilege_type = 'DELETE' AND acl.grantee NOT IN (0, relowner)
  LOOP
    CALL tasklane_grant(role);
  END LOOP;
END
$do$;
