-- What was said of a user: blocked, signed out, deleted. Workers read what has changed at most once a second
-- (docs/adr/0019-user-marks.md); who deletes a user here leaves a mark that stays.
--
-- tasklane_mark_user and tasklane_delete_user alone write to the table.

CREATE TABLE user_marks (
  user_id text COLLATE "C" PRIMARY KEY,
  blocked_at timestamptz,
  signed_out_at timestamptz,
  deleted_at timestamptz,
  change bigint NOT NULL,
  CONSTRAINT user_marks_user_id_length CHECK (char_length(user_id) BETWEEN 1 AND 255)
);

COMMENT ON TABLE user_marks IS 'Users that were blocked, signed out or deleted; no row: none of these.';
COMMENT ON COLUMN user_marks.blocked_at IS 'The user''s requests are refused; null: they are served.';
COMMENT ON COLUMN user_marks.signed_out_at IS 'Tokens issued before are refused, and those that do not say when they were.';
COMMENT ON COLUMN user_marks.deleted_at IS 'Never taken back: all tokens are refused and nothing of the user is stored any more.';
COMMENT ON COLUMN user_marks.change IS 'Greater with every change of any row.';

CREATE UNIQUE INDEX idx_user_mark_change ON user_marks (change);
COMMENT ON INDEX idx_user_mark_change IS 'The workers'' look: SELECT … WHERE change > $1 ORDER BY change';

REVOKE ALL ON user_marks FROM PUBLIC;

-- One change of one user's mark. True: it made a difference. A deleted user's mark does not change any more.
--
-- The lock is held until the transaction ends (its number is "mark" in ASCII), so changes can be seen in the order of
-- their numbers: a reader that knows all up to one number has missed none. The numbers go with the clock: after a restore,
-- or a failover that lost the last ones, the next is still greater than any that a worker has read.
CREATE FUNCTION tasklane_mark_user(marked text, act text) RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
  moment timestamptz;
  number bigint;
BEGIN
  IF act IS NULL OR act NOT IN ('block', 'unblock', 'sign_out', 'delete') THEN
    RAISE invalid_parameter_value USING MESSAGE = format('a user cannot be marked by %L', act);
  END IF;
  PERFORM pg_advisory_xact_lock(1835102827);
  IF act = 'unblock' AND NOT EXISTS (SELECT FROM user_marks WHERE user_id = marked) THEN
    RETURN false;
  END IF;
  moment := clock_timestamp();
  SELECT greatest(max(change) + 1, (extract(epoch FROM moment) * 1000000)::bigint) INTO number FROM user_marks;
  INSERT INTO user_marks AS mark (user_id, blocked_at, signed_out_at, deleted_at, change)
    VALUES (marked, CASE WHEN act = 'block' THEN moment END, CASE WHEN act = 'sign_out' THEN moment END,
            CASE WHEN act = 'delete' THEN moment END, number)
  ON CONFLICT (user_id) DO UPDATE
    SET blocked_at = CASE act WHEN 'block' THEN EXCLUDED.blocked_at WHEN 'unblock' THEN NULL ELSE mark.blocked_at END,
        signed_out_at = coalesce(EXCLUDED.signed_out_at, mark.signed_out_at),
        deleted_at = EXCLUDED.deleted_at,
        change = EXCLUDED.change
    WHERE mark.deleted_at IS NULL
      AND CASE act WHEN 'block' THEN mark.blocked_at IS NULL WHEN 'unblock' THEN mark.blocked_at IS NOT NULL ELSE true END;
  RETURN FOUND;
END
$function$;

COMMENT ON FUNCTION tasklane_mark_user(text, text) IS 'Marks a user: block, unblock, sign_out or delete.';
REVOKE ALL ON FUNCTION tasklane_mark_user(text, text) FROM PUBLIC;

-- Deletes a user's tasks and idempotency keys together with the mark, in the caller's transaction. Returns how many tasks
-- there were. It runs with its owner's rights: who may call it needs no other.
--
-- Whoever stores something holds the user's lock, shared, until the transaction ends (tasklane_refuse_deleted). So this
-- waits for those under way, and what comes later finds the mark. It never waits long for a lock, but lets all go and tries
-- again: in a deadlock the other would lose, or this one.
CREATE FUNCTION tasklane_delete_user(gone text) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER
  SET lock_timeout = '200ms'
  AS $function$
DECLARE
  deleted bigint;
BEGIN
  FOR attempt IN 1..50 LOOP
    BEGIN
      PERFORM pg_advisory_xact_lock(1970496882, hashtext(gone) & 63);
      DELETE FROM tasks WHERE user_id = gone;
      GET DIAGNOSTICS deleted = ROW_COUNT;
      DELETE FROM idempotency_keys WHERE user_id = gone;
      PERFORM tasklane_mark_user(gone, 'delete');
      RETURN deleted;
    EXCEPTION
      WHEN lock_not_available OR deadlock_detected THEN
        IF attempt = 50 THEN
          RAISE;
        END IF;
    END;
  END LOOP;
END
$function$;

COMMENT ON FUNCTION tasklane_delete_user(text) IS
  'Deletes all tasks and idempotency keys of a user, for good: with a mark that refuses what comes later.';
REVOKE ALL ON FUNCTION tasklane_delete_user(text) FROM PUBLIC;

-- Nothing of a deleted user is stored: the row is left out. The lock's numbers are "user" in ASCII and one of 64 places, so
-- that a batch of many users needs few; the look comes behind it, with a snapshot of its own. Names are qualified instead
-- of a path set, which would take longer than all of this.
DO $do$
BEGIN
  EXECUTE format($create$
    CREATE FUNCTION tasklane_refuse_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS %L
  $create$, replace($function$
    BEGIN
      PERFORM pg_catalog.pg_advisory_xact_lock_shared(1970496882,
        pg_catalog.hashtext(NEW.user_id) OPERATOR(pg_catalog.&) 63);
      IF EXISTS (SELECT FROM <home>.user_marks AS mark
                 WHERE mark.user_id OPERATOR(pg_catalog.=) NEW.user_id AND mark.deleted_at IS NOT NULL) THEN
        RETURN NULL;
      END IF;
      RETURN NEW;
    END
  $function$, '<home>', quote_ident(current_schema())));
  EXECUTE format('ALTER FUNCTION tasklane_mark_user(text, text) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION tasklane_delete_user(text) SET search_path = %I, pg_temp', current_schema());
END
$do$;

COMMENT ON FUNCTION tasklane_refuse_deleted() IS 'Of tasks and idempotency_keys: nothing of a deleted user is stored.';
REVOKE ALL ON FUNCTION tasklane_refuse_deleted() FROM PUBLIC;

DO $do$
BEGIN
  CREATE TRIGGER tasks_refuse_deleted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION tasklane_refuse_deleted();
  CREATE TRIGGER keys_refuse_deleted BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION tasklane_refuse_deleted();
EXCEPTION
  WHEN feature_not_supported THEN
    RAISE NOTICE 'the tables have no triggers, as distributed ones: what was under way while a user was deleted may stay behind';
END
$do$;

-- Better Auth's users. Whoever deletes one there deletes the tasks here, in the same transaction.
CREATE FUNCTION tasklane_user_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
  PERFORM tasklane_delete_user(OLD.id::text);
  RETURN NULL;
END
$function$;
COMMENT ON FUNCTION tasklane_user_deleted() IS 'Of Better Auth''s table of users: a deleted one leaves no tasks.';
REVOKE ALL ON FUNCTION tasklane_user_deleted() FROM PUBLIC;

CREATE PROCEDURE tasklane_watch_users(users regclass) LANGUAGE plpgsql AS $procedure$
BEGIN
  EXECUTE format('DROP TRIGGER IF EXISTS tasklane_user_deleted ON %s', users);
  EXECUTE format('CREATE TRIGGER tasklane_user_deleted AFTER DELETE ON %s FOR EACH ROW'
                 ' EXECUTE FUNCTION tasklane_user_deleted()', users);
END
$procedure$;
COMMENT ON PROCEDURE tasklane_watch_users(regclass) IS 'Who is deleted from this table of Better Auth''s is deleted here, too.';
REVOKE ALL ON PROCEDURE tasklane_watch_users(regclass) FROM PUBLIC;

-- For the role of a web app that deletes users itself, where there is no such trigger.
CREATE PROCEDURE tasklane_grant_auth(role regrole) LANGUAGE plpgsql AS $procedure$
BEGIN
  IF NOT has_schema_privilege(role, current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', current_schema(), role);
  END IF;
  EXECUTE format('GRANT EXECUTE ON FUNCTION tasklane_delete_user(text) TO %s', role);
END
$procedure$;
COMMENT ON PROCEDURE tasklane_grant_auth(regrole) IS
  'Gives the web app''s role the one right it needs here: to delete a user''s tasks for good.';
REVOKE ALL ON PROCEDURE tasklane_grant_auth(regrole) FROM PUBLIC;

-- As 0020_key_versions.sql made it, with the right to read marks.
CREATE OR REPLACE PROCEDURE tasklane_grant(role regrole) LANGUAGE plpgsql AS $procedure$
BEGIN
  CALL tasklane_grant_rights(role);
  IF role::oid = (SELECT relowner FROM pg_class WHERE oid = 'tasks'::regclass) THEN
    RETURN;  -- it may be much else
  END IF;
  EXECUTE format('GRANT UPDATE (version) ON tasks TO %s', role);
  EXECUTE format('GRANT INSERT (version) ON idempotency_keys TO %s', role);
  EXECUTE format('GRANT EXECUTE ON FUNCTION tasklane_public_keys_in(text) TO %s', role);
  EXECUTE format('REVOKE ALL ON user_marks FROM %s', role);
  EXECUTE format('GRANT SELECT ON user_marks TO %s', role);
  CALL tasklane_set(role, 'plan_cache_mode = force_generic_plan');
  CALL tasklane_set(role, 'random_page_cost = 1.1');
  CALL tasklane_set(role, 'enable_seqscan = off');
  CALL tasklane_set(role, 'jit = off');
END
$procedure$;

DO $do$
DECLARE
  role regrole;
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['PROCEDURE tasklane_grant(regrole)', 'PROCEDURE tasklane_grant_auth(regrole)',
                              'PROCEDURE tasklane_watch_users(regclass)', 'FUNCTION tasklane_user_deleted()'] LOOP
    EXECUTE format('ALTER %s SET search_path = %I, pg_temp', name, current_schema());
  END LOOP;

  -- Every role that serves already.
  FOR role IN
    SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl
    WHERE pg_class.oid = 'tasks'::regclass AND acl.privilege_type = 'DELETE' AND acl.grantee NOT IN (0, relowner)
  LOOP
    EXECUTE format('REVOKE ALL ON user_marks FROM %s', role);
    EXECUTE format('GRANT SELECT ON user_marks TO %s', role);
  END LOOP;
  IF to_regrole('tasklane_auth') IS NOT NULL THEN
    CALL tasklane_grant_auth('tasklane_auth');
  END IF;
END
$do$;
