-- The role that serves, tasklane_api: exactly the rights the workers' statements need, and the timeouts that
-- belong on a role (poolers refuse them at connect, and a session's SET would leak to the pooler's next
-- client).
--
-- It is created without LOGIN; give it one with:
--   ALTER ROLE tasklane_api LOGIN PASSWORD '…'
-- When the migrating role may not create roles, an administrator creates one, of any name, and the owner runs:
--   CALL tasklane_grant('tasklane_api')

CREATE PROCEDURE tasklane_grant(role regrole) LANGUAGE plpgsql AS $procedure$
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
  EXECUTE format('REVOKE ALL ON tasks, tasklane_migrations, tasklane_public_keys FROM %s', role);
  EXECUTE format('GRANT SELECT, DELETE ON tasks TO %s', role);
  -- Ids come from the sequence alone (that is what keeps them unique across users), and a task never changes
  -- its id, its owner or its time of creation.
  EXECUTE format('GRANT INSERT (user_id, title, description, completed, created_at, updated_at)'
                 ' ON tasks TO %s', role);
  EXECUTE format('GRANT UPDATE (title, description, completed, updated_at) ON tasks TO %s', role);
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

COMMENT ON PROCEDURE tasklane_grant(regrole) IS
  'Gives a role exactly the rights and timeouts that a Tasklane worker needs.';
REVOKE ALL ON PROCEDURE tasklane_grant(regrole) FROM PUBLIC;

DO $do$
BEGIN
  EXECUTE format('ALTER PROCEDURE tasklane_grant(regrole) SET search_path = %I, pg_temp', current_schema());

  IF to_regrole('tasklane_api') IS NULL THEN
    BEGIN
      CREATE ROLE tasklane_api NOLOGIN;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN
        NULL;  -- another database's migration was a moment faster
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role tasklane_api is missing and % may not create it', current_user;
    END;
  END IF;
  IF to_regrole('tasklane_api') IS NOT NULL THEN
    CALL tasklane_grant('tasklane_api');
  END IF;
END
$do$;
