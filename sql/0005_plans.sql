-- The workers' few statements are planned once for each connection, and lists are read in the order of their
-- index.
--
-- Every statement finds its rows by a user's index key, so one plan is right for every user. Left to itself the
-- server plans a list anew each time as soon as some users have far more tasks than most, which doubles its
-- cost. And it takes a page to be as far away as on a disk that turns: it collects a user's pages first and
-- sorts, where the index has the order already.

-- What a role had from it so far, tasklane_grant now does together with the planner's settings.
ALTER PROCEDURE tasklane_grant(regrole) RENAME TO tasklane_grant_rights;
COMMENT ON PROCEDURE tasklane_grant_rights(regrole) IS
  'The rights and timeouts that a Tasklane worker needs: a part of tasklane_grant.';

CREATE PROCEDURE tasklane_grant(role regrole) LANGUAGE plpgsql AS $procedure$
BEGIN
  CALL tasklane_grant_rights(role);
  IF role::oid = (SELECT relowner FROM pg_class WHERE oid = 'tasks'::regclass) THEN
    RETURN;  -- it may be much else
  END IF;
  -- A role that the owner may not alter keeps its own, as it does its timeouts, and another database's migration
  -- may be altering this one right now: 0003_role.sql.
  FOR attempt IN 1..20 LOOP
    BEGIN
      EXECUTE format('ALTER ROLE %s SET plan_cache_mode = force_generic_plan', role);
      EXECUTE format('ALTER ROLE %s SET random_page_cost = 1.1', role);
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

COMMENT ON PROCEDURE tasklane_grant(regrole) IS
  'Gives a role exactly the rights and settings that a Tasklane worker needs.';
REVOKE ALL ON PROCEDURE tasklane_grant(regrole) FROM PUBLIC;

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
