-- The workers' statements find their rows by an index however small a table is. A plan is kept for as long as nothing
-- tells the server that the table has changed: made for a table that was empty when autovacuum saw it, it reads the whole
-- of what has come since, until autovacuum comes by again.
--
-- A scan without an index, as of Better Auth's few keys, then counts as so expensive that the server would compile it by
-- LLVM: 36 ms each time, and no statement of the workers' is worth that.

CREATE PROCEDURE tasklane_set(role regrole, setting text) LANGUAGE plpgsql AS $procedure$
BEGIN
  -- A role that the owner may not alter keeps its own, as it does its timeouts, and another database's migration
  -- may be altering this one right now: 0003_role.sql.
  FOR attempt IN 1..20 LOOP
    BEGIN
      EXECUTE format('ALTER ROLE %s SET %s', role, setting);
      EXIT;
    EXCEPTION
      WHEN insufficient_privilege THEN
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

COMMENT ON PROCEDURE tasklane_set(regrole, text) IS 'One setting of a role, as in ALTER ROLE … SET.';
REVOKE ALL ON PROCEDURE tasklane_set(regrole, text) FROM PUBLIC;

CREATE OR REPLACE PROCEDURE tasklane_grant(role regrole) LANGUAGE plpgsql AS $procedure$
BEGIN
  CALL tasklane_grant_rights(role);
  IF role::oid = (SELECT relowner FROM pg_class WHERE oid = 'tasks'::regclass) THEN
    RETURN;  -- it may be much else
  END IF;
  CALL tasklane_set(role, 'plan_cache_mode = force_generic_plan');
  CALL tasklane_set(role, 'random_page_cost = 1.1');
  CALL tasklane_set(role, 'enable_seqscan = off');
  CALL tasklane_set(role, 'jit = off');
END
$procedure$;

DO $do$
DECLARE
  role regrole;
BEGIN
  EXECUTE format('ALTER PROCEDURE tasklane_grant(regrole) SET search_path = %I, pg_temp', current_schema());

  -- Every role that serves already. Its other rights and settings stay as they are.
  FOR role IN
    SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl
    WHERE pg_class.oid = 'tasks'::regclass AND acl.privilege_type = 'DELETE' AND acl.grantee NOT IN (0, relowner)
  LOOP
    CALL tasklane_set(role, 'enable_seqscan = off');
    CALL tasklane_set(role, 'jit = off');
  END LOOP;
END
$do$;
