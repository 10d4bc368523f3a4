#pragma once
// The statements that change one task, each in up to three forms: the plain one; `_if` for If-Match, whose
// WHERE names the versions, so that no change in between is overwritten; `_once` for an idempotency key, with
// versions or, by a null, without.

#include "store/task_columns.h"

namespace tasklane::statements {

#define ANSWER TASK_COLUMNS ", version"

// Of the statements of most requests. Each column costs a worker some 650 instructions, 2 % of a request for
// one task, so the version comes with the state: twice the version, and 1 more when the task is completed.
#define MARKED "id, title, description, version * 2 + completed::int AS mark, created_at, updated_at"
inline constexpr std::array kMarkedTask = {
    Column{"id", Column::Type::integer},           Column{"title", Column::Type::text},
    Column{"description", Column::Type::text},     Column{"mark", Column::Type::integer},
    Column{"created_at", Column::Type::timestamp}, Column{"updated_at", Column::Type::timestamp}};

inline constexpr auto kVersionedTask = with(kTask, Column{"version", Column::Type::integer});

// And whether it was answered before, to the same request, and whether its version was one of those asked
// for.
inline constexpr auto kBoundTask =
    with(kVersionedTask, Column{"replayed", Column::Type::boolean}, Column{"same", Column::Type::boolean},
         Column{"matched", Column::Type::boolean});

inline constexpr Columns kNone;

// null keeps the title and the state; a description can become null, so $4 says whether it changes.
inline constexpr UserStatement kUpdateTask{
    "update_task", Effect::write, Locks::row, kMarkedTask,
    "UPDATE tasks SET title = COALESCE($3, title),"
    " description = CASE WHEN $4 THEN $5 ELSE description END,"
    " completed = COALESCE($6, completed), updated_at = now(), version = version + 1"
    " WHERE user_id = $1 AND id = $2 RETURNING " MARKED};

// null toggles.
inline constexpr UserStatement kCompleteTask{
    "complete_task", Effect::write, Locks::row, kMarkedTask,
    "UPDATE tasks SET completed = COALESCE($3, NOT completed), updated_at = now(), version = version + 1"
    " WHERE user_id = $1 AND id = $2 RETURNING " MARKED};

inline constexpr UserStatement kDeleteTask{"delete_task", Effect::write, Locks::row, kNone,
                                           "DELETE FROM tasks WHERE user_id = $1 AND id = $2"};

// Where nothing was made: the task as it is now. A lock reads the newest version of the row, as the change
// that it comes behind did, and not the one of the statement's snapshot.
#define THERE(unless)                                                                   \
  "there AS (SELECT " ANSWER                                                            \
  " FROM tasks WHERE user_id = $1 AND id = $2 AND NOT EXISTS (SELECT FROM made)" unless \
  " FOR NO KEY UPDATE)"
#define MADE_OR_THERE                                            \
  " SELECT " ANSWER                                              \
  ", false AS replayed, true AS same, true AS matched FROM made" \
  " UNION ALL SELECT " ANSWER ", false, true, false FROM there"

inline constexpr UserStatement kUpdateTaskIf{
    "update_task_if", Effect::write, Locks::row, kBoundTask,
    "WITH made AS (UPDATE tasks SET title = COALESCE($3, title),"
    " description = CASE WHEN $4 THEN $5 ELSE description END,"
    " completed = COALESCE($6, completed), updated_at = now(), version = version + 1"
    " WHERE user_id = $1 AND id = $2 AND version = ANY (string_to_array($7, ',')::bigint[])"
    " RETURNING " ANSWER "), " THERE("") MADE_OR_THERE};

inline constexpr UserStatement kCompleteTaskIf{
    "complete_task_if", Effect::write, Locks::row, kBoundTask,
    "WITH made AS (UPDATE tasks SET completed = COALESCE($3, NOT completed), updated_at = now(),"
    " version = version + 1"
    " WHERE user_id = $1 AND id = $2 AND version = ANY (string_to_array($4, ',')::bigint[])"
    " RETURNING " ANSWER "), " THERE("") MADE_OR_THERE};

inline constexpr UserStatement kDeleteTaskIf{
    "delete_task_if", Effect::write, Locks::row, kBoundTask,
    "WITH made AS (DELETE FROM tasks"
    " WHERE user_id = $1 AND id = $2 AND version = ANY (string_to_array($3, ',')::bigint[])"
    " RETURNING " ANSWER "), " THERE("") MADE_OR_THERE};

inline constexpr UserStatement kLockTask{
    "lock_task", Effect::write, Locks::row, kNone,
    "SELECT FROM tasks WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE"};

// What was answered is kept in the same statement and found by the next. Of two at once the second waits for
// the first to commit, breaks the unique index (23505), is undone and run again as after any conflict, and
// then finds the answer. The task is locked before the key: `expired` counts what was made, and so comes
// after it; `kept` counts what has expired, since an expired row has to go before its successor comes.
#define KNOWN                                        \
  "WITH known AS (SELECT " ANSWER                    \
  ", fingerprint = $4 AS same FROM idempotency_keys" \
  " WHERE user_id = $1 AND key = $3 AND stored_at > now() - interval '24 hours'), "
#define KEPT                                                                      \
  "expired AS (DELETE FROM idempotency_keys"                                      \
  " WHERE user_id = $1 AND key = $3 AND stored_at <= now() - interval '24 hours'" \
  " AND (SELECT count(*) FROM made) > 0 RETURNING key), "                         \
  "kept AS (INSERT INTO idempotency_keys (user_id, key, fingerprint, " ANSWER     \
  ")"                                                                             \
  " SELECT $1, $3, $4, " ANSWER " FROM made WHERE (SELECT count(*) FROM expired) >= 0), "
#define MADE_OR_KNOWN_OR_THERE MADE_OR_THERE " UNION ALL SELECT " ANSWER ", true, same, true FROM known"
// A null names no versions: the comparison is then null, which is not false.
#define UNLESS_KNOWN(versions)          \
  " AND NOT EXISTS (SELECT FROM known)" \
  " AND (version = ANY (string_to_array($" versions ", ',')::bigint[])) IS NOT FALSE"
#define THERE_UNLESS_KNOWN THERE(" AND NOT EXISTS (SELECT FROM known)")

inline constexpr UserStatement kUpdateTaskOnce{
    "update_task_once", kLockTask, kBoundTask,
    KNOWN
    "made AS (UPDATE tasks SET title = COALESCE($5, title),"
    " description = CASE WHEN $6 THEN $7 ELSE description END,"
    " completed = COALESCE($8, completed), updated_at = now(), version = version + 1"
    " WHERE user_id = $1 AND id = $2" UNLESS_KNOWN("9") " RETURNING " ANSWER
                                                        "), " KEPT THERE_UNLESS_KNOWN MADE_OR_KNOWN_OR_THERE};

inline constexpr UserStatement kCompleteTaskOnce{
    "complete_task_once", kLockTask, kBoundTask,
    KNOWN
    "made AS (UPDATE tasks SET completed = COALESCE($5, NOT completed), updated_at = now(),"
    " version = version + 1"
    " WHERE user_id = $1 AND id = $2" UNLESS_KNOWN("6") " RETURNING " ANSWER
                                                        "), " KEPT THERE_UNLESS_KNOWN MADE_OR_KNOWN_OR_THERE};

// Of a task that is deleted no text is kept.
inline constexpr UserStatement kDeleteTaskOnce{
    "delete_task_once", kLockTask, kBoundTask,
    KNOWN "made AS (DELETE FROM tasks"
    " WHERE user_id = $1 AND id = $2" UNLESS_KNOWN("5")
    " RETURNING id, ''::text AS title, NULL::text AS description, completed, created_at, updated_at,"
    " version), "
    KEPT THERE_UNLESS_KNOWN MADE_OR_KNOWN_OR_THERE};

#undef UNLESS_KNOWN
#undef THERE_UNLESS_KNOWN
#undef MADE_OR_KNOWN_OR_THERE
#undef KEPT
#undef KNOWN
#undef MADE_OR_THERE
#undef THERE
#undef ANSWER
#undef MARKED

}  // namespace tasklane::statements
