#include "store/pg_task_store.h"

#include "base/limits.h"
#include "store/statements.h"

namespace tasklane {

namespace {

using statements::kPagedTask;
using statements::kTask;
using statements::kTaskOnce;

static_assert(limits::kListFirstRowsMax == 64 &&
              std::string_view(statements::kListTasks.sql).ends_with("LIMIT 64") &&
              std::string_view(statements::kListTasksByCompletion.sql).ends_with("LIMIT 64"));

Result<Tasks> tasks_of(Result<Rows> rows) {
  if (!rows) return std::unexpected(std::move(rows.error()));
  return read_tasks(*rows);
}

Result<Tasks> read_once(Result<Rows> rows) {
  if (!rows || rows->size() == 0) return tasks_of(std::move(rows));
  const auto replayed = rows->boolean(0, place_of("replayed", kTaskOnce));
  const auto same = rows->boolean(0, place_of("same", kTaskOnce));
  if (!replayed || !same) return unexpected_answer();
  if (!*same) return key_in_use();
  auto tasks = read_tasks(*rows);
  if (tasks) tasks->replayed = *replayed;
  return tasks;
}

}  // namespace

std::unexpected<Error> unexpected_answer() {
  return fail(ErrorType::internal_server_error, "The database gave an unexpected answer");
}

Result<Tasks> read_tasks(const Rows& rows) {
  Tasks tasks{.rows = {}, .memory = rows.memory()};
  const int count = rows.size();
  if (count > 0 && rows.columns() < static_cast<int>(kTask.size())) return unexpected_answer();
  tasks.rows.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    const auto id = rows.integer(row, place_of("id", kTask));
    const auto title = rows.text(row, place_of("title", kTask));
    const auto completed = rows.boolean(row, place_of("completed", kTask));
    const auto created_at = rows.timestamp(row, place_of("created_at", kTask));
    const auto updated_at = rows.timestamp(row, place_of("updated_at", kTask));
    if (!id || *id < 1 || *id > limits::kTaskIdMax || !title || !completed || !created_at || !updated_at)
      return unexpected_answer();
    tasks.rows.push_back({.id = *id,
                          .title = *title,
                          .description = rows.text(row, place_of("description", kTask)),
                          .completed = *completed,
                          .created_at = *created_at,
                          .updated_at = *updated_at});
  }
  return tasks;
}

PgTaskStore::Awaitable<Rows> PgTaskStore::run(const UserStatement& statement, UserParameters&& parameters,
                                              TracePtr trace) {
  if (sweep_ != nullptr) sweep_->go_along(trace ? trace->read : Clock::now());
  return pool_.run(statement, std::move(parameters), std::move(trace));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::list(const UserId& user, TaskFilter filter,
                                                std::optional<ListPage> page, TracePtr trace) {
  const bool all = filter == TaskFilter::all;
  UserParameters parameters(user);
  if (page) {
    parameters.timestamp(page->created_at)
        .integer(page->id)
        .integer(static_cast<std::int64_t>(page->rows_max))
        .integer(limits::kListPageMaxBytes);
  }
  if (!all) parameters.boolean(filter == TaskFilter::completed);
  const auto& statement = page ? (all ? statements::kListMoreTasks : statements::kListMoreTasksByCompletion)
                               : (all ? statements::kListTasks : statements::kListTasksByCompletion);
  const auto rows = co_await run(statement, std::move(parameters), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  auto tasks = read_tasks(*rows);
  if (!tasks || tasks->rows.empty()) co_return tasks;
  const std::size_t count = tasks->rows.size();
  const bool full = count == (page ? page->rows_max : limits::kListFirstRowsMax) ||
                    (page && rows->boolean(rows->size() - 1, place_of("full", kPagedTask)).value_or(false));
  if (full) tasks->next = page_behind(tasks->rows.back(), count);
  co_return tasks;
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::get(const UserId& user, TaskId id, TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id);
  co_return tasks_of(co_await run(statements::kGetTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::create(const UserId& user, const NewTask& task, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(task.title).optional_text(task.description);
  co_return tasks_of(co_await run(statements::kCreateTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::update(const UserId& user, TaskId id, const TaskChange& change,
                                                  TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id)
      .optional_text(change.title)
      .boolean(change.description.has_value())
      .optional_text(change.description.value_or(std::nullopt))
      .optional_boolean(change.completed);
  co_return tasks_of(co_await run(statements::kUpdateTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::complete(const UserId& user, TaskId id,
                                                    std::optional<bool> completed, TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id).optional_boolean(completed);
  co_return tasks_of(co_await run(statements::kCompleteTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<bool> PgTaskStore::remove(const UserId& user, TaskId id, TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id);
  const auto rows = co_await run(statements::kDeleteTask, std::move(parameters), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  co_return rows->affected() > 0;
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::create_once(const UserId& user, const Intent& intent,
                                                       const NewTask& task, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(intent.key).bytes(intent.fingerprint).text(task.title).optional_text(task.description);
  co_return read_once(co_await run(statements::kCreateTaskOnce, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::complete_once(const UserId& user, const Intent& intent, TaskId id,
                                                         std::optional<bool> completed, TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(id).text(intent.key).bytes(intent.fingerprint).optional_boolean(completed);
  co_return read_once(co_await run(statements::kCompleteTaskOnce, std::move(parameters), std::move(trace)));
}

}  // namespace tasklane
