-- A task's version: the number behind its ETag (docs/adr/0018-versions.md). It begins at 1 and every change adds one. The
-- constant default rewrites nothing: the lock lasts as long as the catalogue's change.

ALTER TABLE tasks ADD COLUMN version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN tasks.version IS 'Every change adds one; the task''s ETag.';

-- The function of 0008_task_times.sql with one rule more. Functions and operators are named with their schema and not found
-- by a path: setting one for each call took more time than the rules, and than the trigger.
CREATE FUNCTION tasklane_check_task(id bigint, user_id text, title text, description text, created_at timestamptz,
                                    updated_at timestamptz, version bigint)
  RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  AS $function$
DECLARE
  broken text := CASE
    -- 2^53 - 1: the largest integer that every JSON reader takes exactly.
    WHEN id OPERATOR(pg_catalog.<) 1 OR id OPERATOR(pg_catalog.>) 9007199254740991 THEN 'tasks_id_range'
    WHEN pg_catalog.char_length(user_id) OPERATOR(pg_catalog.<) 1
      OR pg_catalog.char_length(user_id) OPERATOR(pg_catalog.>) 255 THEN 'tasks_user_id_length'
    WHEN pg_catalog.char_length(title) OPERATOR(pg_catalog.<) 1
      OR pg_catalog.char_length(title) OPERATOR(pg_catalog.>) 200 THEN 'tasks_title_length'
    -- The 25 code points of Unicode's White_Space property (PropList.txt).
    WHEN title OPERATOR(pg_catalog.<>) pg_catalog.btrim(title,
      E'\u0009\u000A\u000B\u000C\u000D\u0020\u0085\u00A0\u1680'
      '\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A'
      '\u2028\u2029\u202F\u205F\u3000') THEN 'tasks_title_trimmed'
    WHEN pg_catalog.char_length(description) OPERATOR(pg_catalog.>) 10000 THEN 'tasks_description_length'
    -- The years 0001 to 9999.
    WHEN created_at OPERATOR(pg_catalog.<) '0001-01-01 00:00:00+00'::pg_catalog.timestamptz
      OR created_at OPERATOR(pg_catalog.>=) '10000-01-01 00:00:00+00'::pg_catalog.timestamptz
      THEN 'tasks_created_at_range'
    WHEN updated_at OPERATOR(pg_catalog.<) '0001-01-01 00:00:00+00'::pg_catalog.timestamptz
      OR updated_at OPERATOR(pg_catalog.>=) '10000-01-01 00:00:00+00'::pg_catalog.timestamptz
      THEN 'tasks_updated_at_range'
    WHEN version OPERATOR(pg_catalog.<) 1 THEN 'tasks_version_range'
  END;
BEGIN
  IF broken IS NULL THEN
    RETURN true;
  END IF;
  RAISE check_violation USING
    MESSAGE = pg_catalog.format('task %s breaks the rule "%s"', id, broken), TABLE = 'tasks', CONSTRAINT = broken;
END
$function$;

COMMENT ON FUNCTION tasklane_check_task(bigint, text, text, text, timestamptz, timestamptz, bigint) IS
  'Whether a task is one that the API would store; an error that names the rule when it is not.';
-- Whoever writes to the table is held to them, also where functions are not public by default.
GRANT EXECUTE ON FUNCTION tasklane_check_task(bigint, text, text, text, timestamptz, timestamptz, bigint) TO PUBLIC;

-- One change a statement, as distributed engines ask for. 0019_task_versions_hold.sql has the rows that are there read.
ALTER TABLE tasks DROP CONSTRAINT tasks_rules;
ALTER TABLE tasks
  ADD CONSTRAINT tasks_rules
    CHECK (tasklane_check_task(id, user_id, title, description, created_at, updated_at, version)) NOT VALID;
DROP FUNCTION tasklane_check_task(bigint, text, text, text, timestamptz, timestamptz);

-- The workers' statements add one themselves. What does not, a worker of the release before or somebody's own UPDATE, is
-- made to: no change may escape an If-Match.
CREATE FUNCTION tasklane_next_version() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  IF NEW.version OPERATOR(pg_catalog.=) OLD.version THEN
    NEW.version := OLD.version OPERATOR(pg_catalog.+) 1;
  END IF;
  RETURN NEW;
END
$function$;
COMMENT ON FUNCTION tasklane_next_version() IS 'Of tasks: a change that did not count itself is counted.';

DO $do$
DECLARE
  role regrole;
BEGIN
  BEGIN
    CREATE TRIGGER tasks_version BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION tasklane_next_version();
  EXCEPTION
    WHEN feature_not_supported THEN
      RAISE NOTICE 'tasks has no trigger, as on a distributed table: replace all workers before clients send If-Match';
  END;

  -- Every role that serves already.
  FOR role IN
    SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl
    WHERE pg_class.oid = 'tasks'::regclass AND acl.privilege_type = 'DELETE' AND acl.grantee NOT IN (0, relowner)
  LOOP
    EXECUTE format('GRANT UPDATE (version) ON tasks TO %s', role);
  END LOOP;
END
$do$;
