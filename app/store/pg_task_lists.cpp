// Lists in any order, and the deletion of many tasks.

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "store/pg_task_store.h"
#include "store/statements.h"

namespace tasklane {

namespace {

using statements::kDeleted;
using statements::kKeptDeletion;
using statements::kSlicedTask;

static_assert(limits::kDeletedRowsMax == 2000 &&
              std::string_view(statements::kDeleteTasks.sql).contains(" LIMIT 2000 "));

std::optional<bool> completed_of(TaskFilter status) {
  if (status == TaskFilter::all) return std::nullopt;
  return status == TaskFilter::completed;
}

// Whether an index has the order and every row that is read is shown.
bool is_quick(const ListSlice& slice) {
  return slice.order.key == SortKey::created_at && !slice.filter.search &&
         slice.offset <= limits::kQuickOffsetMax;
}

const UserStatement& statement_of(const ListSlice& slice) {
  using namespace statements;
  const bool down = slice.order.descending;
  if (is_quick(slice)) {
    if (slice.filter.status == TaskFilter::all) return down ? kSliceNewest : kSliceOldest;
    return down ? kSliceNewestByCompletion : kSliceOldestByCompletion;
  }
  switch (slice.order.key) {
    case SortKey::created_at:
      return down ? kScanNewest : kScanOldest;
    case SortKey::updated_at:
      return down ? kSortByUpdateDown : kSortByUpdateUp;
    case SortKey::title:
      return down ? kSortByTitleDown : kSortByTitleUp;
    case SortKey::completed:
      return down ? kSortByCompletionDown : kSortByCompletionUp;
  }
  std::unreachable();
}

// The place that the list begins behind: before all there can be, where it begins with the first task.
void put_place(UserParameters& parameters, const ListSlice& slice) {
  const auto [key, down] = slice.order;
  switch (key) {
    case SortKey::created_at:
    case SortKey::updated_at:
      parameters.timestamp(slice.behind ? slice.behind->time
                           : down       ? limits::kTimestampMaxMicroseconds + 1
                                        : limits::kTimestampMinMicroseconds - 1);
      break;
    case SortKey::title:
      if (slice.behind) {
        parameters.text(slice.behind->title);
      } else {
        parameters.null();
      }
      break;
    case SortKey::completed:
      parameters.boolean(slice.behind ? slice.behind->completed : down);
      break;
  }
  const TaskId before_all = down ? limits::kTaskIdMax + 1 : 0;
  parameters.integer(slice.behind ? slice.behind->id : before_all);
}

// nullopt: no row.
Result<std::optional<KeptDeletion>> read_kept(const Result<Rows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() == 0) return std::nullopt;
  const auto deleted = rows->integer(0, place_of("deleted", kKeptDeletion));
  const auto replayed = rows->boolean(0, place_of("replayed", kKeptDeletion));
  const auto same = rows->boolean(0, place_of("same", kKeptDeletion));
  if (!deleted || *deleted < 0 || !replayed || !same) return unexpected_answer();
  if (!*same) return key_in_use();
  return KeptDeletion{.deleted = static_cast<std::size_t>(*deleted), .replayed = *replayed};
}

}  // namespace

PgTaskStore::Awaitable<Tasks> PgTaskStore::list_slice(const UserId& user, const ListSlice& slice,
                                                      TracePtr trace) {
  UserParameters parameters(user);
  put_place(parameters, slice);
  parameters.integer(static_cast<std::int64_t>(slice.rows_max))
      .integer(static_cast<std::int64_t>(slice.offset))
      .integer(static_cast<std::int64_t>(slice.description_max_bytes));
  const auto completed = completed_of(slice.filter.status);
  if (!is_quick(slice)) {
    parameters.optional_text(slice.filter.search).optional_boolean(completed);
  } else if (completed) {
    parameters.boolean(*completed);
  }
  const auto rows = co_await run(statement_of(slice), std::move(parameters), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  auto tasks = read_tasks(*rows);
  if (!tasks) co_return tasks;
  for (int row = 0; row < rows->size(); ++row) {
    const auto cut = rows->boolean(row, place_of("cut", kSlicedTask));
    if (!cut) co_return unexpected_answer();
    if (*cut) tasks->cut.push_back(static_cast<std::size_t>(row));
  }
  co_return tasks;
}

PgTaskStore::Awaitable<Tasks> PgTaskStore::get_some(const UserId& user, const std::vector<TaskId>& ids,
                                                    TracePtr trace) {
  UserParameters parameters(user);
  parameters.integers(ids);
  const auto rows = co_await run(statements::kGetTasks, std::move(parameters), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  co_return read_tasks(*rows);
}

PgTaskStore::Awaitable<Deletion> PgTaskStore::remove_some(const UserId& user, TaskFilter status,
                                                          TaskId behind, std::optional<TaskId> newest,
                                                          TracePtr trace) {
  UserParameters parameters(user);
  parameters.integer(behind)
      .integer(newest.value_or(limits::kTaskIdMax))
      .optional_boolean(completed_of(status));
  const auto rows = co_await run(statements::kDeleteTasks, std::move(parameters), std::move(trace));
  if (!rows) co_return std::unexpected(rows.error());
  Deletion deletion{.deleted = static_cast<std::size_t>(rows->size())};
  for (int row = 0; row < rows->size(); ++row) {
    const auto id = rows->integer(row, place_of("id", kDeleted));
    const auto most = rows->integer(row, place_of("newest", kDeleted));
    if (!id || !most) co_return unexpected_answer();
    deletion.last = std::max(deletion.last, *id);
    deletion.newest = *most;
  }
  co_return deletion;
}

PgTaskStore::Awaitable<std::optional<KeptDeletion>> PgTaskStore::find_deletion(const UserId& user,
                                                                               const Intent& intent,
                                                                               TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(intent.key).bytes(intent.fingerprint);
  co_return read_kept(co_await run(statements::kFindDeletion, std::move(parameters), std::move(trace)));
}

PgTaskStore::Awaitable<KeptDeletion> PgTaskStore::keep_deletion(const UserId& user, const Intent& intent,
                                                                std::size_t deleted, TracePtr trace) {
  UserParameters parameters(user);
  parameters.text(intent.key).bytes(intent.fingerprint).integer(static_cast<std::int64_t>(deleted));
  const auto kept =
      read_kept(co_await run(statements::kKeepDeletion, std::move(parameters), std::move(trace)));
  if (!kept) co_return std::unexpected(kept.error());
  if (!*kept) co_return unexpected_answer();
  co_return **kept;
}

}  // namespace tasklane
