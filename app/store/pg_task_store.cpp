#include "store/pg_task_store.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "store/statements.h"

namespace tasklane {

namespace {

using statements::kBoundTask;
using statements::kMarkedTask;
using statements::kPagedTask;
using statements::kStats;
using statements::kTask;
using statements::kVersionedTask;

static_assert(limits::kListFirstRowsMax == 128 &&
              std::string_view(statements::kListTasks.sql).ends_with("LIMIT 128") &&
              std::string_view(statements::kListTasksByCompletion.sql).ends_with("LIMIT 128"));

Result<Tasks> tasks_of(Result<Rows> rows) {
  if (!rows) return std::unexpected(std::move(rows.error()));
  return read_tasks(*rows);
}

Result<Tasks> marked_tasks_of(const Result<Rows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  return read_tasks(*rows, true);
}

Result<Tasks> bound_tasks_of(const Result<Rows>& rows) {
  if (!rows || rows->size() == 0) return tasks_of(rows);
  const auto replayed = rows->boolean(0, place_of("replayed", kBoundTask));
  const auto same = rows->boolean(0, place_of("same", kBoundTask));
  const auto matched = rows->boolean(0, place_of("matched", kBoundTask));
  if (!replayed || !same || !matched) return unexpected_answer();
  if (!*same) return key_in_use();
  auto tasks = read_tasks(*rows);
  if (!tasks) return tasks;
  // Null: kept for its idempotency key by a worker of a release that knew no versions.
  tasks->rows.front().version = rows->integer(0, place_of("version", kVersionedTask)).value_or(0);
  tasks->replayed = *replayed;
  tasks->matched = *matched;
  return tasks;
}

bool is_bound(const Terms& terms) {
  return terms.intent || terms.if_match;
}

// That a change of one task begins with.
UserParameters parameters_of(const UserId& user, TaskId id, const Terms& terms) {
  UserParameters parameters(user);
  parameters.integer(id);
  if (terms.intent) parameters.text(terms.intent->key).bytes(terms.intent->fingerprint);
  return parameters;
}

// As the statements read them: "3,4".
std::optional<std::string> text_of(const IfMatch& if_match) {
  if (!if_match) return std::nullopt;
  return fmt::format("{}", fmt::join(*if_match, ","));
}

}  // namespace

std::unexpected<Error> unexpected_answer() {
  return fail(ErrorType::internal_server_error, "The database gave an unexpected answer");
}

namespace {

template <bool marked>
Result<Tasks> read_rows(const Rows& rows) {
  constexpr int kStatePlace = place_of("completed", kTask);
  static_assert(kStatePlace == place_of("mark", kMarkedTask));

  Tasks tasks{.rows = {}, .memory = rows.memory()};
  const int count = rows.size();
  if (count > 0 && rows.columns() < static_cast<int>(kTask.size())) return unexpected_answer();
  tasks.rows.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    const auto id = rows.integer(row, place_of("id", kTask));
    const auto title = rows.text(row, place_of("title", kTask));
    const std::int64_t mark = marked ? rows.integer(row, kStatePlace).value_or(-1) : 0;
    const auto completed = marked ? std::optional(mark % 2 != 0) : rows.boolean(row, kStatePlace);
    const auto created_at = rows.timestamp(row, place_of("created_at", kTask));
    const auto updated_at = rows.timestamp(row, place_of("updated_at", kTask));
    if (!id || *id < 1 || *id > limits::kTaskIdMax || !title || !completed || mark < 0 || !created_at ||
        !updated_at)
      return unexpected_answer();
    tasks.rows.push_back({.id = *id,
                          .title = *title,
                          .description = rows.text(row, place_of("description", kTask)),
                          .completed = *completed,
                          .created_at = *created_at,
                          .updated_at = *updated_at,
                          .version = mark / 2});
  }
  return tasks;
}

}  // namespace

Result<Tasks> read_tasks(const Rows& rows, bool marked) {
  return marked ? read_rows<true>(rows) : read_rows<false>(rows);
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
  co_return marked_tasks_of(co_await run(statements::kGetTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::create(const UserId& user, const NewTask& task, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(task.title).optional_text(task.description);
  auto tasks = tasks_of(co_await run(statements::kCreateTask, std::move(parameters), std::move(trace)));
  if (tasks && !tasks->rows.empty())
    tasks->rows.front().version = 1;  // the column's default, read for nothing
  co_return tasks;
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::create_once(const UserId& user, const Intent& intent,
                                                       const NewTask& task, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(intent.key).bytes(intent.fingerprint).text(task.title).optional_text(task.description);
  co_return bound_tasks_of(
      co_await run(statements::kCreateTaskOnce, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<TaskStats> PgTaskStore::stats(const UserId& user, TracePtr trace) {
  const auto rows = co_await run(statements::kTaskStats, UserParameters(user), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  const auto total = rows->integer(0, place_of("total", kStats));
  const auto completed = rows->integer(0, place_of("completed", kStats));
  const auto state = rows->integer(0, place_of("state", kStats));
  if (!total || !completed || !state) co_return unexpected_answer();
  co_return TaskStats{.total = *total, .completed = *completed, .state = static_cast<std::uint64_t>(*state)};
}

// A change that is bound to something. `parameters` are all but the versions, the last.
PgTaskStore::Awaitable<Tasks> PgTaskStore::run_bound(const UserStatement& with_versions,
                                                     const UserStatement& once, UserParameters parameters,
                                                     const Terms& terms, TracePtr trace) {
  parameters.optional_text(text_of(terms.if_match));
  if (!terms.intent)
    co_return bound_tasks_of(co_await run(with_versions, std::move(parameters), std::move(trace)));
  UserParameters again = parameters;
  auto tasks = bound_tasks_of(co_await run(once, std::move(parameters), trace));
  // Nothing was done. But the same request may have been under way, and this one have looked for its key
  // before it waited for its change.
  if (tasks && (tasks->rows.empty() || !tasks->matched))
    tasks = bound_tasks_of(co_await run(once, std::move(again), std::move(trace)));
  co_return tasks;
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::update(const UserId& user, TaskId id, const TaskChange& change,
                                                  const Terms& terms, TracePtr trace) {
  UserParameters parameters = parameters_of(user, id, terms);
  parameters.optional_text(change.title)
      .boolean(change.description.has_value())
      .optional_text(change.description.value_or(std::nullopt))
      .optional_boolean(change.completed);
  if (is_bound(terms)) {
    co_return co_await run_bound(statements::kUpdateTaskIf, statements::kUpdateTaskOnce,
                                 std::move(parameters), terms, std::move(trace));
  }
  co_return marked_tasks_of(co_await run(statements::kUpdateTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::complete(const UserId& user, TaskId id,
                                                    std::optional<bool> completed, const Terms& terms,
                                                    TracePtr trace) {
  UserParameters parameters = parameters_of(user, id, terms);
  parameters.optional_boolean(completed);
  if (is_bound(terms)) {
    co_return co_await run_bound(statements::kCompleteTaskIf, statements::kCompleteTaskOnce,
                                 std::move(parameters), terms, std::move(trace));
  }
  co_return marked_tasks_of(co_await run(statements::kCompleteTask, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::remove(const UserId& user, TaskId id, const Terms& terms,
                                                  TracePtr trace) {
  UserParameters parameters = parameters_of(user, id, terms);
  if (is_bound(terms)) {
    co_return co_await run_bound(statements::kDeleteTaskIf, statements::kDeleteTaskOnce,
                                 std::move(parameters), terms, std::move(trace));
  }
  const auto rows = co_await run(statements::kDeleteTask, std::move(parameters), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  Tasks tasks;
  if (rows->affected() > 0) tasks.rows.emplace_back().id = id;
  co_return tasks;
}

}  // namespace tasklane
