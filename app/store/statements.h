#pragma once
// Every statement of the request path, on one screen. All are prepared on every connection. Columns come in
// the order that PgTaskStore reads them.

#include <array>

#include "store/user_statement.h"

namespace tasklane::statements {

#define TASK_COLUMNS "id, title, description, completed, created_at, updated_at"

inline constexpr UserStatement kListTasks{"list_tasks", Effect::read,
                                          "SELECT " TASK_COLUMNS
                                          " FROM tasks WHERE user_id = $1 ORDER BY created_at DESC, id DESC"};

inline constexpr UserStatement kListTasksByCompletion{"list_tasks_by_completion", Effect::read,
                                                      "SELECT " TASK_COLUMNS
                                                      " FROM tasks WHERE user_id = $1 AND completed = $2"
                                                      " ORDER BY created_at DESC, id DESC"};

inline constexpr UserStatement kGetTask{"get_task", Effect::read,
                                        "SELECT " TASK_COLUMNS " FROM tasks WHERE user_id = $1 AND id = $2"};

inline constexpr UserStatement kCreateTask{
    "create_task", Effect::write,
    "INSERT INTO tasks (user_id, title, description) VALUES ($1, $2, $3) RETURNING " TASK_COLUMNS};

// null keeps the title and the state; a description can become null, so $4 says whether it changes.
inline constexpr UserStatement kUpdateTask{"update_task", Effect::write,
                                           "UPDATE tasks SET title = COALESCE($3, title),"
                                           " description = CASE WHEN $4 THEN $5 ELSE description END,"
                                           " completed = COALESCE($6, completed), updated_at = now()"
                                           " WHERE user_id = $1 AND id = $2 RETURNING " TASK_COLUMNS};

// null toggles.
inline constexpr UserStatement kCompleteTask{
    "complete_task", Effect::write,
    "UPDATE tasks SET completed = COALESCE($3, NOT completed), updated_at = now()"
    " WHERE user_id = $1 AND id = $2 RETURNING " TASK_COLUMNS};

inline constexpr UserStatement kDeleteTask{"delete_task", Effect::write,
                                           "DELETE FROM tasks WHERE user_id = $1 AND id = $2"};

// The same two, once for an idempotency key: $2, with the request's fingerprint $3. What was answered is kept
// in the same statement and found by the next. Of two at once the second waits for the first to commit,
// breaks the unique index (23505), is undone and run again as after any conflict, and then finds the answer.
// An expired row has to go before its successor comes: counting what was deleted makes Postgres delete first.
#define KNOWN_OR                                                                                  \
  "WITH known AS (SELECT " TASK_COLUMNS                                                           \
  ", fingerprint = $3 AS same FROM idempotency_keys"                                              \
  " WHERE user_id = $1 AND key = $2 AND stored_at > now() - interval '24 hours'),"                \
  " expired AS (DELETE FROM idempotency_keys"                                                     \
  " WHERE user_id = $1 AND key = $2 AND stored_at <= now() - interval '24 hours' RETURNING key)," \
  " made AS ("
#define IF_NOT_KNOWN " NOT EXISTS (SELECT FROM known) AND (SELECT count(*) FROM expired) >= 0"
#define AND_KEEP_IT                                                                                    \
  "), kept AS (INSERT INTO idempotency_keys (user_id, key, fingerprint, " TASK_COLUMNS                 \
  ") SELECT $1, $2, $3, " TASK_COLUMNS                                                                 \
  " FROM made)"                                                                                        \
  " SELECT " TASK_COLUMNS ", false AS replayed, true AS same FROM made UNION ALL SELECT " TASK_COLUMNS \
  ", true, same FROM known"

inline constexpr UserStatement kCreateTaskOnce{
    "create_task_once", Effect::write,
    KNOWN_OR "INSERT INTO tasks (user_id, title, description) SELECT $1, $4, $5 WHERE" IF_NOT_KNOWN
             " RETURNING " TASK_COLUMNS AND_KEEP_IT};

inline constexpr UserStatement kCompleteTaskOnce{
    "complete_task_once", Effect::write,
    KNOWN_OR
    "UPDATE tasks SET completed = COALESCE($5, NOT completed), updated_at = now()"
    " WHERE user_id = $1 AND id = $4 AND" IF_NOT_KNOWN " RETURNING " TASK_COLUMNS AND_KEEP_IT};

#undef AND_KEEP_IT
#undef IF_NOT_KNOWN
#undef KNOWN_OR
#undef TASK_COLUMNS

// One worker at a time (the lock's number is "keys" in ASCII and means nothing else), the oldest first. The
// others find the lock taken and delete nothing.
inline constexpr SystemStatement kSweepKeys{
    "sweep_keys", Effect::write,
    "DELETE FROM idempotency_keys WHERE stored_at <= now() - interval '24 hours' AND (user_id, key) IN"
    " (SELECT user_id, key FROM idempotency_keys WHERE stored_at <= now() - interval '24 hours'"
    " AND (SELECT pg_try_advisory_xact_lock(1801812339)) ORDER BY stored_at LIMIT 500)"};

inline constexpr SystemStatement kPublicKeys{"public_keys", Effect::read,
                                             "SELECT kid, jwk, alg FROM tasklane_public_keys"};

inline constexpr SystemStatement kPing{"ping", Effect::read, "SELECT 1"};

inline constexpr std::array<const Statement*, 12> kAll = {
    &kListTasks,  &kListTasksByCompletion, &kGetTask,          &kCreateTask, &kUpdateTask, &kCompleteTask,
    &kDeleteTask, &kCreateTaskOnce,        &kCompleteTaskOnce, &kSweepKeys,  &kPublicKeys, &kPing};

}  // namespace tasklane::statements
