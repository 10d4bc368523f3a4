#include "postgres/pg_task_store.h"

#include "postgres/statements.h"

namespace tasklane {

Tasks read_tasks(const Rows& rows) {
  Tasks tasks{.rows = {}, .memory = rows.memory()};
  const int count = rows.size();
  tasks.rows.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    tasks.rows.push_back({.id = rows.integer(row, 0),
                          .title = rows.text(row, 1),
                          .description = rows.optional_text(row, 2),
                          .completed = rows.boolean(row, 3),
                          .created_at = rows.timestamp(row, 4),
                          .updated_at = rows.timestamp(row, 5)});
  }
  return tasks;
}

namespace {

Result<Tasks> tasks_of(Result<Rows> rows) {
  if (!rows) return std::unexpected(std::move(rows.error()));
  return read_tasks(*rows);
}

// Behind the task's columns: whether it was answered before, and to the same request.
Result<Tasks> read_once(Result<Rows> rows) {
  const bool answered = rows && rows->size() > 0;
  const bool replayed = answered && rows->boolean(0, 6);
  if (answered && !rows->boolean(0, 7)) return key_in_use();
  auto tasks = tasks_of(std::move(rows));
  if (tasks) tasks->replayed = replayed;
  return tasks;
}

}  // namespace

PgTaskStore::Awaitable<Tasks> PgTaskStore::list(const UserId& user, TaskFilter filter, TracePtr trace) {
  const bool all = filter == TaskFilter::all;
  UserParameters parameters(user);
  if (!all) parameters.boolean(filter == TaskFilter::completed);
  co_return tasks_of(co_await pool_.run(all ? statements::kListTasks : statements::kListTasksByCompletion,
                                        std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::get(const UserId& user, TaskId id, TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id);
  co_return tasks_of(co_await pool_.run(statements::kGetTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::create(const UserId& user, const NewTask& task, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(task.title).optional_text(task.description);
  co_return tasks_of(co_await pool_.run(statements::kCreateTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::update(const UserId& user, TaskId id, const TaskChange& change,
                                                  TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id)
      .optional_text(change.title)
      .boolean(change.description.has_value())
      .optional_text(change.description.value_or(std::nullopt))
      .optional_boolean(change.completed);
  co_return tasks_of(co_await pool_.run(statements::kUpdateTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::complete(const UserId& user, TaskId id,
                                                    std::optional<bool> completed, TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id).optional_boolean(completed);
  co_return tasks_of(co_await pool_.run(statements::kCompleteTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<bool> PgTaskStore::remove(const UserId& user, TaskId id, TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id);
  const auto rows = co_await pool_.run(statements::kDeleteTask, std::move(parameters), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  co_return rows->affected() > 0;
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::create_once(const UserId& user, const Intent& intent,
                                                       const NewTask& task, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(intent.key).bytes(intent.fingerprint).text(task.title).optional_text(task.description);
  co_return read_once(
      co_await pool_.run(statements::kCreateTaskOnce, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::complete_once(const UserId& user, const Intent& intent, TaskId id,
                                                         std::optional<bool> completed, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(intent.key).bytes(intent.fingerprint).integer(id).optional_boolean(completed);
  co_return read_once(
      co_await pool_.run(statements::kCompleteTaskOnce, std::move(parameters), std::move(trace)));
}

}  // namespace tasklane
