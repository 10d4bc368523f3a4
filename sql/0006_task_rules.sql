-- The rules of tasks in one function instead of five expressions. Postgres reads a CHECK constraint's expression
-- from the catalogue and plans it anew for each statement: for these that took a third of a creation, a quarter of
-- a toggle (docs/PERFORMANCE.md). A function is compiled once for each connection, and its call is short to read.
--
-- It says which rule is broken, by the names that the constraints had. Its path is its own, as a constraint's
-- expression has one: no session can put a btrim of its own in front.

CREATE FUNCTION tasklane_check_task(id bigint, user_id text, title text, description text)
  RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS $function$
DECLARE
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
  END;
BEGIN
  IF broken IS NULL THEN
    RETURN true;
  END IF;
  RAISE check_violation USING
    MESSAGE = format('a task breaks the rule "%s"', broken), TABLE = 'tasks', CONSTRAINT = broken;
END
$function$;

COMMENT ON FUNCTION tasklane_check_task(bigint, text, text, text) IS
  'Whether a task is one that the API would store; an error that names the rule when it is not.';
-- Whoever writes to the table is held to them, also where functions are not public by default.
GRANT EXECUTE ON FUNCTION tasklane_check_task(bigint, text, text, text) TO PUBLIC;

-- The rows that are there have passed the constraints that go; 0007_task_rules_hold.sql reads them again without
-- stopping anybody. One change a statement, as distributed engines ask for. In one statement they were, to the same
-- effect, in the file of the SHA-256 3b4803087cb6014fec102b91cfa8985d287436361ac52dd0787595d171c111fb.
ALTER TABLE tasks
  ADD CONSTRAINT tasks_rules CHECK (tasklane_check_task(id, user_id, title, description)) NOT VALID;
ALTER TABLE tasks DROP CONSTRAINT tasks_id_range;
ALTER TABLE tasks DROP CONSTRAINT tasks_user_id_length;
ALTER TABLE tasks DROP CONSTRAINT tasks_title_length;
ALTER TABLE tasks DROP CONSTRAINT tasks_title_trimmed;
ALTER TABLE tasks DROP CONSTRAINT tasks_description_length;
