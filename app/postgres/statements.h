#pragma once
// Every statement of the request path, on one screen. All are prepared on every connection. Columns come in
// the order that PgTaskStore reads them.

#include <array>

#include "postgres/statement.h"

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

#undef TASK_COLUMNS

inline constexpr SystemStatement kPublicKeys{"public_keys", "SELECT kid, jwk, alg FROM tasklane_public_keys"};

inline constexpr SystemStatement kPing{"ping", "SELECT 1"};

inline constexpr std::array<const Statement*, 9> kAll = {
    &kListTasks,  &kListTasksByCompletion, &kGetTask,    &kCreateTask,
    &kUpdateTask, &kCompleteTask,          &kDeleteTask, &kPublicKeys,
    &kPing};

}  // namespace tasklane::statements
