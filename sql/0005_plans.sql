-- The workers' few statements are planned once for each connection, and lists are read in the order of their
-- index.
--
-- Every statement finds its rows by a user's index key, so one plan is right for every user. Left to itself the
-- server plans a list anew each time as soon as some users have far more tasks than most, which doubles its
-- cost. And it takes a page to be as far away as on a disk that turns: it collects a user's pages first and
-- sorts, where the index has the order already.

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
      EXECUTE format('ALTER ROLE %s SET plan_cache_mode = force_generic_plan', role);
      EXECUTE format('ALTER ROLE %s SET random_page_cost = 1.1', role);
      IF home <> 'public' THEN
        EXECUTE format('ALTER ROLE %s IN DATABASE %I SET search_path = %s', role, current_database(), home);
      END IF;
      EXIT;
    EXCEPTION
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role % keeps its own settings: % may not alter it', role, current_user;
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
