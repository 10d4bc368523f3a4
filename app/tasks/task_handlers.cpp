#include "tasks/task_handlers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "tasks/content_hash.h"
#include "tasks/long_list.h"
#include "tasks/task_json.h"

namespace tasklane {

namespace {

std::unexpected<Error> no_such_task() {
  return fail(ErrorType::not_found_error, "Task not found");
}

// RFC 9110 section 8.3.1: application/json, or of a `patch` also a merge patch (RFC 7396), and of its
// parameters only a charset that is not UTF-8 refuses. "utf8" is no registered name (IANA) and means the same
// (WHATWG Encoding).
bool is_json(std::string_view content_type, bool patch) {
  const std::string_view type = trim(take_until(content_type, ';'));
  if (!equal_ignoring_case(type, "application/json") &&
      !(patch && equal_ignoring_case(type, "application/merge-patch+json")))
    return false;
  while (!content_type.empty()) {
    std::string_view value = trim(take_until(content_type, ';'));
    if (!equal_ignoring_case(take_until(value, '='), "charset")) continue;
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (!equal_ignoring_case(value, "utf-8") && !equal_ignoring_case(value, "utf8")) return false;
  }
  return true;
}

// What `parse` makes of a request's body, once its size and type are in order.
template <class Parse>
auto read_body(const Request& request, Parse parse, bool patch = false)
    -> decltype(parse(std::string_view())) {
  if (request.body_too_large) {
    return fail(ErrorType::payload_too_large,
                fmt::format("Body must be at most {} KiB", limits::kRequestBodyMaxBytes / 1024));
  }
  if (!request.body.empty() && !is_json(request.content_type, patch)) {
    return fail(ErrorType::unsupported_media_type,
                patch ? "Content-Type must be application/merge-patch+json or application/json"
                      : "Content-Type must be application/json");
  }
  // RFC 9110 section 8.4.1: "identity" is none.
  if (!request.body.empty() && !request.content_encoding.empty() &&
      !equal_ignoring_case(trim(request.content_encoding), "identity"))
    return fail(ErrorType::unsupported_media_type,
                "Content-Encoding is not supported: send the body as it is");
  return parse(request.body);
}

EntityTag tag_of(const Task& task) {
  return task.version > 0 ? EntityTag::of_version(task.version) : EntityTag();
}

std::unexpected<Error> precondition_failed(const Task& task, bool weak) {
  Error error{
      .type = ErrorType::precondition_failed, .detail = "The task has changed; ", .version = task.version};
  error.detail +=
      weak ? "a weak entity tag in If-Match never matches" : "its version is not the one in If-Match";
  return std::unexpected(std::move(error));
}

// What a change is bound to by its headers: `intent` has no fingerprint yet.
struct ChangeHeaders {
  Terms terms;
  bool weak = false;  // If-Match has an entry that never matches
};

Result<ChangeHeaders> read_change_headers(const Request& request) {
  ChangeHeaders headers;
  auto key = read_idempotency_key(request.idempotency_key);
  if (!key) return std::unexpected(std::move(key.error()));
  if (*key) headers.terms.intent = Intent{.key = std::move(**key), .fingerprint = {}};
  if (!request.if_match) return headers;
  const auto tags = read_entity_tags("If-Match", *request.if_match);
  if (!tags) return std::unexpected(tags.error());
  if (!tags->any) headers.terms.if_match = tags->versions();
  headers.weak = tags->has_weak();
  return headers;
}

// One row or none, as the answer to a request for one task.
Result<Response> answer_one(const Result<Tasks>& tasks, const UserId& user, bool weak = false) {
  if (!tasks) return std::unexpected(tasks.error());
  if (tasks->rows.empty()) return no_such_task();
  const Task& task = tasks->rows.front();
  if (!tasks->matched) return precondition_failed(task, weak);
  Response response = success(Success::ok, write_task(task, user.value()));
  response.etag = tag_of(task);
  return response;
}

}  // namespace

TaskHandlers::Answer TaskHandlers::list(const Route& route, const Request& request, const UserId& user) {
  TaskFilter status = TaskFilter::all;
  if (!route.query.empty()) {
    const auto query = read_list_query(route.query);
    if (!query) co_return std::unexpected(query.error());
    if (!query->plain) co_return co_await list_as_asked(route, request, user, *query);
    status = query->filter.status;
  }
  const auto known = read_if_none_match(request);
  if (!known) co_return std::unexpected(known.error());
  const auto tasks = co_await store_.list(user, status, std::nullopt, request.trace);
  if (!tasks) co_return std::unexpected(tasks.error());
  const EntityTag tag = tasks->next ? EntityTag() : EntityTag::weak_of_content(content_hash(*tasks));
  if (*known && (*known)->names(tag)) co_return not_modified(tag);
  Response response = success(Success::ok, write_tasks(*tasks, user.value()));
  response.etag = tag;
  if (tasks->next)
    response.more = std::make_unique<LongList>(store_, user, status, *tasks->next, request.trace);
  co_return response;
}

TaskHandlers::Answer TaskHandlers::create(const Request& request, const UserId& user) {
  const auto task = read_body(request, parse_new_task);
  if (!task) co_return std::unexpected(task.error());
  const auto key = read_idempotency_key(request.idempotency_key);
  if (!key) co_return std::unexpected(key.error());
  Result<Tasks> created;
  if (*key) {
    const Intent intent{.key = **key, .fingerprint = fingerprint(*task)};
    created = co_await store_.create_once(user, intent, *task, request.trace);
  } else {
    created = co_await store_.create(user, *task, request.trace);
  }
  if (!created) co_return std::unexpected(created.error());
  if (created->rows.empty()) co_return fail(ErrorType::internal_server_error, "The database made no task");
  const Task& row = created->rows.front();
  Response response = success(Success::created, write_task(row, user.value()));
  response.etag = tag_of(row);
  response.headers.emplace_back("Location", fmt::format("/api/tasks/{}", row.id));
  tell_replayed(created->replayed, response);
  co_return response;
}

TaskHandlers::Answer TaskHandlers::get(const Route& route, const Request& request, const UserId& user) {
  const auto known = read_if_none_match(request);
  if (!known) co_return std::unexpected(known.error());
  if (route.task_id == 0) co_return no_such_task();
  const auto tasks = co_await store_.get(user, route.task_id, request.trace);
  if (*known && tasks && !tasks->rows.empty()) {
    const EntityTag tag = tag_of(tasks->rows.front());
    if ((*known)->names(tag)) co_return not_modified(tag);
  }
  co_return answer_one(tasks, user);
}

TaskHandlers::Answer TaskHandlers::update(const Route& route, const Request& request, const UserId& user) {
  const auto change = read_body(request, parse_task_change, request.method == "PATCH");
  if (!change) co_return std::unexpected(change.error());
  auto headers = read_change_headers(request);
  if (!headers) co_return std::unexpected(headers.error());
  if (route.task_id == 0) co_return no_such_task();
  auto& [terms, weak] = *headers;
  if (change->empty()) {  // it changes nothing, and so is a read
    auto tasks = co_await store_.get(user, route.task_id, request.trace);
    if (tasks && !tasks->rows.empty() && terms.if_match)
      tasks->matched =
          std::ranges::find(*terms.if_match, tasks->rows.front().version) != terms.if_match->end();
    co_return answer_one(tasks, user, weak);
  }
  if (terms.intent) terms.intent->fingerprint = fingerprint(route.task_id, *change, terms.if_match);
  const auto changed = co_await store_.update(user, route.task_id, *change, terms, request.trace);
  co_return answer_change(changed, user, weak);
}

TaskHandlers::Answer TaskHandlers::remove(const Route& route, const Request& request, const UserId& user) {
  auto headers = read_change_headers(request);
  if (!headers) co_return std::unexpected(headers.error());
  if (route.task_id == 0) co_return no_such_task();
  auto& [terms, weak] = *headers;
  if (terms.intent) terms.intent->fingerprint = fingerprint_of_deletion(route.task_id, terms.if_match);
  const auto removed = co_await store_.remove(user, route.task_id, terms, request.trace);
  if (!removed) co_return std::unexpected(removed.error());
  if (removed->rows.empty()) co_return no_such_task();
  if (!removed->matched) co_return precondition_failed(removed->rows.front(), weak);
  Response response = success(Success::no_content, {});
  tell_replayed(removed->replayed, response);
  co_return response;
}

TaskHandlers::Answer TaskHandlers::complete(const Route& route, const Request& request, const UserId& user) {
  const auto completed = read_body(request, parse_completion);
  if (!completed) co_return std::unexpected(completed.error());
  auto headers = read_change_headers(request);
  if (!headers) co_return std::unexpected(headers.error());
  if (route.task_id == 0) co_return no_such_task();
  auto& [terms, weak] = *headers;
  if (terms.intent) terms.intent->fingerprint = fingerprint(route.task_id, *completed, terms.if_match);
  const auto changed = co_await store_.complete(user, route.task_id, *completed, terms, request.trace);
  co_return answer_change(changed, user, weak);
}

TaskHandlers::Answer TaskHandlers::stats(const Request& request, const UserId& user) {
  const auto known = read_if_none_match(request);
  if (!known) co_return std::unexpected(known.error());
  const auto stats = co_await store_.stats(user, request.trace);
  if (!stats) co_return std::unexpected(stats.error());
  const EntityTag tag = EntityTag::of_state(content_hash(*stats));
  if (*known && (*known)->names(tag)) co_return not_modified(tag);
  Response response = success(Success::ok, write_stats(*stats));
  response.etag = tag;
  co_return response;
}

Result<Response> TaskHandlers::answer_change(const Result<Tasks>& changed, const UserId& user, bool weak) {
  auto response = answer_one(changed, user, weak);
  if (response) tell_replayed(changed->replayed, *response);
  return response;
}

// Draft-ietf-httpapi-idempotency-key-header leaves open how; this is the most common way.
void TaskHandlers::tell_replayed(bool replayed, Response& response) {
  if (!replayed) return;
  add(metrics_.idempotency_replays);
  response.headers.emplace_back("Idempotency-Replayed", "true");
}

}  // namespace tasklane
