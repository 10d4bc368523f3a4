#pragma once
// Every statement of the request path, on two screens. All are prepared on every connection.

#include <array>

#include "base/limits.h"
#include "store/change_statements.h"
#include "store/deletion_statements.h"
#include "store/list_statements.h"
#include "store/task_columns.h"
#include "store/user_statement.h"

namespace tasklane::statements {

// And whether the bytes of a page have cut it.
inline constexpr auto kPagedTask = with(kTask, Column{"full", Column::Type::boolean});

// Of all of a user's tasks.
inline constexpr std::array kStats = {Column{"total", Column::Type::integer},
                                      Column{"completed", Column::Type::integer},
                                      Column{"state", Column::Type::integer}};

inline constexpr std::array kKey = {Column{"kid", Column::Type::text}, Column{"jwk", Column::Type::text},
                                    Column{"alg", Column::Type::text}};

inline constexpr std::array kHere = {Column{"here", Column::Type::boolean}};

inline constexpr std::array kMissing = {Column{"missing", Column::Type::text}};

// A list's first page. That it is full means that there may be more.
inline constexpr UserStatement kListTasks{"list_tasks", Effect::read, Locks::nothing, kTask,
                                          "SELECT " TASK_COLUMNS
                                          " FROM tasks WHERE user_id = $1"
                                          " ORDER BY created_at DESC, id DESC LIMIT 128"};

inline constexpr UserStatement kListTasksByCompletion{"list_tasks_by_completion", Effect::read,
                                                      Locks::nothing, kTask,
                                                      "SELECT " TASK_COLUMNS
                                                      " FROM tasks WHERE user_id = $1 AND completed = $2"
                                                      " ORDER BY created_at DESC, id DESC LIMIT 128"};

// A further page: at most $4 rows behind a task, and of them those before which there are less than $5 bytes
// of text; so one comes in any case. octet_length reads no text that is stored out of line.
inline constexpr UserStatement kListMoreTasks{"list_more_tasks", Effect::read, Locks::nothing, kPagedTask,
                                              R"sql(
  SELECT id, title, description, completed, created_at, updated_at, up_to >= $5 AS full
    FROM (SELECT *, sum(bytes) OVER (ORDER BY created_at DESC, id DESC ROWS UNBOUNDED PRECEDING) AS up_to
            FROM (SELECT *, octet_length(title) + coalesce(octet_length(description), 0) AS bytes
                    FROM tasks WHERE user_id = $1 AND (created_at, id) < ($2, $3)
                    ORDER BY created_at DESC, id DESC LIMIT $4) AS behind) AS page
    WHERE up_to - bytes < $5 ORDER BY created_at DESC, id DESC)sql"};

inline constexpr UserStatement kListMoreTasksByCompletion{"list_more_tasks_by_completion", Effect::read,
                                                          Locks::nothing, kPagedTask, R"sql(
  SELECT id, title, description, completed, created_at, updated_at, up_to >= $5 AS full
    FROM (SELECT *, sum(bytes) OVER (ORDER BY created_at DESC, id DESC ROWS UNBOUNDED PRECEDING) AS up_to
            FROM (SELECT *, octet_length(title) + coalesce(octet_length(description), 0) AS bytes
                    FROM tasks WHERE user_id = $1 AND completed = $6 AND (created_at, id) < ($2, $3)
                    ORDER BY created_at DESC, id DESC LIMIT $4) AS behind) AS page
    WHERE up_to - bytes < $5 ORDER BY created_at DESC, id DESC)sql"};

inline constexpr UserStatement kGetTask{
    "get_task", Effect::read, Locks::nothing, kMarkedTask,
    "SELECT id, title, description, version * 2 + completed::int AS mark, created_at, updated_at"
    " FROM tasks WHERE user_id = $1 AND id = $2"};

// `state` sums up which tasks there are in which version, in any order: the pairs never come back, and no two
// different sets of them have the same sum but for chance. (A count and a sum of versions do: where a task
// goes and another one changes.) The id is the seed: 64 bits of it count, of the value 32.
inline constexpr UserStatement kTaskStats{
    "task_stats", Effect::read, Locks::nothing, kStats,
    "SELECT count(*) AS total, count(*) FILTER (WHERE completed) AS completed,"
    " coalesce(bit_xor(hashint8extended(version, id)), 0) AS state FROM tasks WHERE user_id = $1"};

inline constexpr UserStatement kCreateTask{
    "create_task", Effect::write, Locks::nothing, kTask,
    "INSERT INTO tasks (user_id, title, description) VALUES ($1, $2, $3) RETURNING " TASK_COLUMNS};

#undef TASK_COLUMNS
#undef TASK_COLUMNS_WITH

// As the changes of change_statements.h that are bound to an idempotency key.
inline constexpr UserStatement kCreateTaskOnce{"create_task_once", Effect::write, Locks::key, kBoundTask,
                                               R"sql(
  WITH known AS (
    SELECT id, title, description, completed, created_at, updated_at, version, fingerprint = $3 AS same
      FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND stored_at > now() - interval '24 hours'),
  made AS (
    INSERT INTO tasks (user_id, title, description) SELECT $1, $4, $5 WHERE NOT EXISTS (SELECT FROM known)
      RETURNING id, title, description, completed, created_at, updated_at, version),
  expired AS (
    DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND stored_at <= now() - interval '24 hours'
      AND (SELECT count(*) FROM made) > 0 RETURNING key),
  kept AS (
    INSERT INTO idempotency_keys
      (user_id, key, fingerprint, id, title, description, completed, created_at, updated_at, version)
      SELECT $1, $2, $3, id, title, description, completed, created_at, updated_at, version
        FROM made WHERE (SELECT count(*) FROM expired) >= 0)
  SELECT id, title, description, completed, created_at, updated_at, version, false AS replayed, true AS same,
         true AS matched FROM made
  UNION ALL
  SELECT id, title, description, completed, created_at, updated_at, version, true, same, true
    FROM known)sql"};

// The oldest first, one worker at a time: the others find the advisory lock taken and delete nothing (its
// number is "keys" in ASCII). It gives up rather than wait for a key that a request has locked, and so is in
// no deadlock. Not FOR UPDATE SKIP LOCKED: that takes a right to change answers, and distributed engines
// refuse it over several nodes.
inline constexpr SystemStatement kSweepKeys{"sweep_keys", Effect::write, Locks::any_keys, kNone, R"sql(
  DELETE FROM idempotency_keys WHERE stored_at <= now() - interval '24 hours' AND (user_id, key) IN (
    SELECT user_id, key FROM idempotency_keys WHERE stored_at <= now() - interval '24 hours'
       AND (SELECT pg_try_advisory_xact_lock(1801812339)
                   AND set_config('lock_timeout', '10ms', true) IS NOT NULL)
     ORDER BY stored_at LIMIT 500))sql"};

inline constexpr SystemStatement kPublicKeys{"public_keys", Effect::read, Locks::nothing, kKey,
                                             "SELECT kid, jwk, alg FROM tasklane_public_keys"};

// From a table that is not called "jwks".
inline constexpr KeyStatement kPublicKeysIn{"public_keys_in", kKey,
                                            "SELECT kid, jwk, alg FROM tasklane_public_keys_in($1)"};

// What to run so that keys can be read: the role's own rights, and those of the functions' owner, who reads
// the table. Empty: no right is missing. What is not there is no right, and told elsewhere.
inline constexpr KeyStatement kKeyRights{"key_rights", kMissing, R"sql(
  SELECT concat_ws(', ',
    CASE WHEN $1 = 'jwks' AND NOT has_table_privilege(to_regclass('tasklane_public_keys'), 'SELECT')
      THEN format('GRANT SELECT ON tasklane_public_keys TO %I', current_user) END,
    (SELECT string_agg(format('GRANT EXECUTE ON FUNCTION %s TO %I', name, current_user), ', ')
      FROM unnest(CASE WHEN $1 = 'jwks' THEN '{tasklane_read_public_keys()}'::text[]
                       ELSE '{tasklane_public_keys_in(text)}' END) AS name
      WHERE NOT has_function_privilege(to_regprocedure(name), 'EXECUTE')),
    (SELECT nullif(concat_ws(', ',
        CASE WHEN NOT has_schema_privilege(owner.oid, class.relnamespace, 'USAGE')
          THEN format('GRANT USAGE ON SCHEMA %s TO %I', class.relnamespace::regnamespace, owner.rolname) END,
        CASE WHEN NOT has_table_privilege(owner.oid, class.oid, 'SELECT')
          THEN format('GRANT SELECT ON %s TO %I', class.oid::regclass, owner.rolname) END,
        CASE WHEN class.relrowsecurity AND NOT owner.rolsuper AND NOT owner.rolbypassrls
            AND (class.relforcerowsecurity OR NOT pg_has_role(owner.oid, class.relowner, 'USAGE'))
          THEN format('ALTER ROLE %I BYPASSRLS', owner.rolname) END), '')
      FROM pg_class AS class, pg_proc AS reader JOIN pg_roles AS owner ON owner.oid = reader.proowner
      WHERE class.oid = tasklane_key_table($1)
        AND reader.oid = to_regprocedure('tasklane_public_keys_in(text)'))
  ) AS missing)sql"};

// Blocked, signed out and deleted users. A null: never signed out.
inline constexpr std::array kMark = {
    Column{"user_id", Column::Type::text}, Column{"blocked", Column::Type::boolean},
    Column{"deleted", Column::Type::boolean}, Column{"signed_out_at", Column::Type::timestamp},
    Column{"change", Column::Type::integer}};

inline constexpr MarksStatement kUserMarks{"user_marks", kMark,
                                           "SELECT user_id, blocked_at IS NOT NULL AS blocked, deleted_at IS "
                                           "NOT NULL AS deleted, signed_out_at, change"
                                           " FROM user_marks WHERE change > $1 ORDER BY change LIMIT 5000"};
static_assert(limits::kMarksReadMax == 5000);

// The rights that the statements above need and the role does not have; empty: it has all.
inline constexpr RightsStatement kMissingRights{"missing_rights", kMissing, R"sql(
  SELECT concat_ws(', ',
    CASE WHEN NOT has_table_privilege('tasks', 'SELECT') THEN 'SELECT on tasks' END,
    CASE WHEN NOT has_any_column_privilege('tasks', 'INSERT') THEN 'INSERT on tasks' END,
    CASE WHEN NOT has_any_column_privilege('tasks', 'UPDATE') THEN 'UPDATE on tasks' END,
    CASE WHEN NOT has_column_privilege('tasks', 'version', 'UPDATE') THEN 'UPDATE (version) on tasks' END,
    CASE WHEN NOT has_table_privilege('tasks', 'DELETE') THEN 'DELETE on tasks' END,
    CASE WHEN NOT has_table_privilege('idempotency_keys', 'SELECT') THEN 'SELECT on idempotency_keys' END,
    CASE WHEN NOT has_any_column_privilege('idempotency_keys', 'INSERT')
      THEN 'INSERT on idempotency_keys' END,
    CASE WHEN NOT has_column_privilege('idempotency_keys', 'version', 'INSERT')
      THEN 'INSERT (version) on idempotency_keys' END,
    CASE WHEN NOT has_table_privilege('idempotency_keys', 'DELETE') THEN 'DELETE on idempotency_keys' END,
    CASE WHEN NOT has_table_privilege('user_marks', 'SELECT') THEN 'SELECT on user_marks' END
  ) AS missing)sql"};

// A server whose files were replaced under it can no longer load a language in a new session. A session that
// cannot run the tables' rules is given up.
inline constexpr SessionTrial kTrySession{"try_session", kHere, R"sql(
  SELECT tasklane_check_key('u', 'k', sha256(''), now(), now()) AS here)sql"};

inline constexpr SystemStatement kPing{"ping", Effect::read, Locks::nothing, kHere, "SELECT true AS here"};

inline constexpr std::array<const Statement*, 42> kAll = {&kListTasks,
                                                          &kListTasksByCompletion,
                                                          &kListMoreTasks,
                                                          &kListMoreTasksByCompletion,
                                                          &kSliceNewest,
                                                          &kSliceOldest,
                                                          &kSliceNewestByCompletion,
                                                          &kSliceOldestByCompletion,
                                                          &kScanNewest,
                                                          &kScanOldest,
                                                          &kSortByUpdateDown,
                                                          &kSortByUpdateUp,
                                                          &kSortByTitleDown,
                                                          &kSortByTitleUp,
                                                          &kSortByCompletionDown,
                                                          &kSortByCompletionUp,
                                                          &kGetTasks,
                                                          &kDeleteTasks,
                                                          &kFindDeletion,
                                                          &kKeepDeletion,
                                                          &kGetTask,
                                                          &kCreateTask,
                                                          &kUpdateTask,
                                                          &kCompleteTask,
                                                          &kDeleteTask,
                                                          &kLockTask,
                                                          &kCreateTaskOnce,
                                                          &kCompleteTaskOnce,
                                                          &kUpdateTaskOnce,
                                                          &kDeleteTaskOnce,
                                                          &kUpdateTaskIf,
                                                          &kCompleteTaskIf,
                                                          &kDeleteTaskIf,
                                                          &kTaskStats,
                                                          &kSweepKeys,
                                                          &kPublicKeys,
                                                          &kPublicKeysIn,
                                                          &kMissingRights,
                                                          &kKeyRights,
                                                          &kUserMarks,
                                                          &kTrySession,
                                                          &kPing};

}  // namespace tasklane::statements
