-- The rules of idempotency_keys in one function instead of four expressions, as tasks' are since 0006_task_rules.sql and
-- for its reasons. The form of a key is looked at for a character that may not be in it: counting up to 255 of those that
-- may took a third of a keyed change.
--
-- The rows that are there have passed the constraints that go; 0015_key_rules_hold.sql reads them again without
-- stopping anybody.

CREATE FUNCTION tasklane_check_key(user_id text, key text, fingerprint bytea, created_at timestamptz,
                                   updated_at timestamptz)
  RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS $function$
DECLARE
  first constant timestamptz := '0001-01-01 00:00:00+00';
  past constant timestamptz := '10000-01-01 00:00:00+00';
  broken text := CASE
    WHEN char_length(user_id) NOT BETWEEN 1 AND 255 THEN 'idempotency_keys_user_id_length'
    -- Visible ASCII without " , \
    WHEN octet_length(key) NOT BETWEEN 1 AND 255 OR key COLLATE "C" ~ '[^!#-+\--\[\]-~]'
      THEN 'idempotency_keys_key_form'
    WHEN octet_length(fingerprint) <> 32 THEN 'idempotency_keys_fingerprint_length'
    WHEN created_at < first OR created_at >= past OR updated_at < first OR updated_at >= past
      THEN 'idempotency_keys_times'
  END;
BEGIN
  IF broken IS NULL THEN
    RETURN true;
  END IF;
  RAISE check_violation USING
    MESSAGE = format('an answer breaks the rule "%s"', broken), TABLE = 'idempotency_keys', CONSTRAINT = broken;
END
$function$;

COMMENT ON FUNCTION tasklane_check_key(text, text, bytea, timestamptz, timestamptz) IS
  'Whether an answer is one that the API would keep; an error that names the rule when it is not.';
-- Whoever writes to the table is held to them, also where functions are not public by default.
GRANT EXECUTE ON FUNCTION tasklane_check_key(text, text, bytea, timestamptz, timestamptz) TO PUBLIC;

-- One change a statement, as distributed engines ask for.
ALTER TABLE idempotency_keys
  ADD CONSTRAINT idempotency_keys_rules
    CHECK (tasklane_check_key(user_id, key, fingerprint, created_at, updated_at)) NOT VALID;
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_user_id_length;
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_key_form;
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_fingerprint_length;
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_times;
