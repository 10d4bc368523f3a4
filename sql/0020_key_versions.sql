-- The version of a task that is kept as an answer (0004_idempotency_keys.sql). Null: a worker of a release that knew none has
-- kept it; such an answer has no ETag.

ALTER TABLE idempotency_keys ADD COLUMN version bigint;
COMMENT ON COLUMN idempotency_keys.version IS 'The task''s version when it was answered; null where none was known.';

-- As 0017_key_table.sql made it, with the rights on versions.
CREATE OR REPLACE PROCEDURE tasklane_grant(role regrole) LANGUAGE plpgsql AS $procedure$
BEGIN
  CALL tasklane_grant_rights(role);
  IF role::oid = (SELECT relowner FROM pg_class WHERE oid = 'tasks'::regclass) THEN
    RETURN;  -- it may be much else
  END IF;
  EXECUTE format('GRANT UPDATE (version) ON tasks TO %s', role);
  EXECUTE format('GRANT INSERT (version) ON idempotency_keys TO %s', role);
  EXECUTE format('GRANT EXECUTE ON FUNCTION tasklane_public_keys_in(text) TO %s', role);
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

  -- Every role that serves already.
  FOR role IN
    SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl
    WHERE pg_class.oid = 'tasks'::regclass AND acl.privilege_type = 'DELETE' AND acl.grantee NOT IN (0, relowner)
  LOOP
    EXECUTE format('GRANT INSERT (version) ON idempotency_keys TO %s', role);
  END LOOP;
END
$do$;
