// Lists with pages, an order or a search, and the deletion of many tasks.

#include <fmt/format.h>

#include <chrono>

#include "base/limits.h"
#include "json/json_writer.h"
#include "tasks/content_hash.h"
#include "tasks/list_pieces.h"
#include "tasks/task_handlers.h"

namespace tasklane {

namespace {

// One row more than a page has tells whether there is another page.
ListSlice slice_of(const ListQuery& query) {
  ListSlice slice{
      .filter = query.filter, .order = query.order, .behind = query.behind, .offset = query.offset};
  const std::size_t most =
      query.order.key == SortKey::created_at ? limits::kSliceRowsMax : limits::kSortedSliceRowsMax;
  slice.rows_max = query.limit ? *query.limit + 1 : most;
  slice.description_max_bytes = limits::kSliceMaxBytes / query.limit.value_or(most);
  return slice;
}

// Of a list that is read as a whole before it is written. That there are more behind it belongs to it: the
// Link does.
EntityTag tag_of(const Tasks& tasks, bool more) {
  if (!tasks.cut.empty() || tasks.rows.size() >= limits::kListFirstRowsMax) return {};
  return EntityTag::weak_of_content(content_hash(tasks) + (more ? 1 : 0));
}

std::string written_count(std::size_t deleted) {
  JsonWriter json;
  json.begin_object();
  json.member("deleted", static_cast<std::int64_t>(deleted));
  json.end_object();
  return json.take();
}

std::unexpected<Error> deletion_broken_off(std::size_t deleted) {
  return fail(ErrorType::outcome_unknown,
              fmt::format("{} tasks were deleted, and more may be left; repeat the request", deleted));
}

}  // namespace

TaskHandlers::Answer TaskHandlers::list_as_asked(const Route& route, const Request& request,
                                                 const UserId& user, const ListQuery& query) {
  const auto known = read_if_none_match(request);
  if (!known) co_return std::unexpected(known.error());
  ListSlice slice = slice_of(query);
  auto tasks = co_await store_.list_slice(user, slice, request.trace);
  if (!tasks) co_return std::unexpected(tasks.error());
  Response response = success(Success::ok, {});
  const bool more = tasks->rows.size() == slice.rows_max;
  if (query.limit && more) {
    tasks->rows.pop_back();
    if (!tasks->cut.empty() && tasks->cut.back() == tasks->rows.size()) tasks->cut.pop_back();
    response.headers.emplace_back(
        "Link", link_to_next(route.path, query, place_of_task(tasks->rows.back(), query.order.key)));
  }
  response.etag = tag_of(*tasks, more);
  if (*known && (*known)->names(response.etag)) co_return not_modified(response.etag);
  auto pieces = std::make_unique<ListPieces>(store_, user, std::move(slice), std::move(*tasks),
                                             more && !query.limit, request.trace);
  response.body = pieces->begin();
  if (!pieces->ended()) response.more = std::move(pieces);
  co_return response;
}

// In steps, each a transaction of its own: other statements of the connection run between them, and no lock
// is held for long. What comes after the beginning stays.
TaskStore::Awaitable<std::size_t> TaskHandlers::remove_in_steps(const UserId& user, TaskFilter status,
                                                                TracePtr trace) {
  const auto until = std::chrono::steady_clock::now() + limits::kDeletionTimeout;
  std::size_t deleted = 0;
  TaskId behind = 0;
  std::optional<TaskId> newest;
  while (true) {
    const auto step = co_await store_.remove_some(user, status, behind, newest, trace);
    if (!step && deleted > 0) co_return deletion_broken_off(deleted);
    if (!step) co_return std::unexpected(step.error());
    deleted += step->deleted;
    if (!newest) newest = step->newest;
    behind = step->last;
    if (step->deleted < limits::kDeletedRowsMax || behind >= *newest) break;
    if (std::chrono::steady_clock::now() >= until) co_return deletion_broken_off(deleted);
  }
  co_return deleted;
}

// The answer to a key is kept behind the last step. Where the deletion breaks off none is, and the same
// request goes on.
TaskHandlers::Answer TaskHandlers::remove_many(const Route& route, const Request& request,
                                               const UserId& user) {
  const auto status = read_deletion_query(route.query);
  if (!status) co_return std::unexpected(status.error());
  const auto key = read_idempotency_key(request.idempotency_key);
  if (!key) co_return std::unexpected(key.error());
  std::optional<Intent> intent;
  std::optional<KeptDeletion> kept;
  if (*key) {
    intent.emplace(**key, fingerprint(*status));
    auto found = co_await store_.find_deletion(user, *intent, request.trace);
    if (!found) co_return std::unexpected(std::move(found.error()));
    kept = *found;
  }
  if (!kept) {
    const auto deleted = co_await remove_in_steps(user, *status, request.trace);
    if (!deleted) co_return std::unexpected(deleted.error());
    kept = {.deleted = *deleted};
    if (intent) {
      const auto answer = co_await store_.keep_deletion(user, *intent, *deleted, request.trace);
      if (!answer) co_return *deleted > 0 ? deletion_broken_off(*deleted) : std::unexpected(answer.error());
      kept = *answer;
    }
  }
  Response response = success(Success::ok, written_count(kept->deleted));
  tell_replayed(kept->replayed, response);
  co_return response;
}

}  // namespace tasklane
