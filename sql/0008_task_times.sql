-- A task's times are within the years 0001 to 9999. The text form (RFC 3339) has four digits for a year, and none
-- for "infinity": no worker could write such a task.
--
-- The function of 0006_task_rules.sql with one rule more; 0009_task_times_hold.sql has the rows that are there
-- read, without stopping anybody.

CREATE FUNCTION tasklane_check_task(id bigint, user_id text, title text, description text, created_at timestamptz,
                                    updated_at timestamptz)
  RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS $function$
DECLARE
  first constant timestamptz := '0001-01-01 00:00:00+00';
  past constant timestamptz := '10000-01-01 00:00:00+00';
  broken text := CASE
    -- 2^53 - 1: the largest integer that every JSON reader takes exactly.
    WHEN id NOT BETWEEN 1 AND 9007199254740991 THEN 'tasks_id_range'
    WHEN char_length(user_id) NOT BETWEEN 1 AND 255 THEN 'tasks_user_id_length'
    WHEN char_length(title) NOT BETWEEN 1 AND 200 THEN 'tasks_title_length'
    -- The 25 code points of Unicode's White_Space property (PropList.txt).
    WHEN title <> btrim(title, E'\u0009\u000A\u000B\u000C\u000D\u0020\u0085\u00A0\u1680'
                               '\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A'
                               '\u2028\u2029\u202F\u205F\u3000') THEN 'tasks_title_trimmed'
    WHEN char_length(description) > 10000 THEN 'tasks_description_length'
    WHEN created_at < first OR created_at >= past THEN 'tasks_created_at_range'
    WHEN updated_at < first OR updated_at >= past THEN 'tasks_updated_at_range'
  END;
BEGIN
  IF broken IS NULL THEN
    RETURN true;
  END IF;
  RAISE check_violation USING
    MESSAGE = format('task %s breaks the rule "%s"', id, broken), TABLE = 'tasks', CONSTRAINT = broken;
END
$function$;

COMMENT ON FUNCTION tasklane_check_task(bigint, text, text, text, timestamptz, timestamptz) IS
  'Whether a task is one that the API would store; an error that names the rule when it is not.';
-- Whoever writes to the table is held to them, also where functions are not public by default.
GRANT EXECUTE ON FUNCTION tasklane_check_task(bigint, text, text, text, timestamptz, timestamptz) TO PUBLIC;

-- One change a statement, as distributed engines ask for.
ALTER TABLE tasks DROP CONSTRAINT tasks_rules;
ALTER TABLE tasks ADD CONSTRAINT tasks_rules CHECK (tasklane_check_task(id, user_id, title, description, created_at, updated_at))
    NOT VALID;
DROP FUNCTION tasklane_check_task(bigint, text, text, text);
