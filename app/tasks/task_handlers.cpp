#include "tasks/task_handlers.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "tasks/long_list.h"
#include "tasks/task_json.h"

namespace tasklane {

namespace {

std::unexpected<Error> no_such_task() {
  return fail(ErrorType::not_found_error, "Task not found");
}

// RFC 9110 section 8.3.1: application/json, and of its parameters only a charset that is not UTF-8 refuses.
// "utf8" is no registered name (IANA) and means the same (WHATWG Encoding).
bool is_json(std::string_view content_type) {
  if (!equal_ignoring_case(trim(take_until(content_type, ';')), "application/json")) return false;
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
auto read_body(const Request& request, Parse parse) -> decltype(parse(std::string_view())) {
  if (request.body_too_large) {
    return fail(ErrorType::payload_too_large,
                fmt::format("Body must be at most {} KiB", limits::kRequestBodyMaxBytes / 1024));
  }
  if (!request.body.empty() && !is_json(request.content_type))
    return fail(ErrorType::unsupported_media_type, "Content-Type must be application/json");
  // RFC 9110 section 8.4.1: "identity" is none.
  if (!request.body.empty() && !request.content_encoding.empty() &&
      !equal_ignoring_case(trim(request.content_encoding), "identity"))
    return fail(ErrorType::unsupported_media_type,
                "Content-Encoding is not supported: send the body as it is");
  return parse(request.body);
}

// One row or none, as the answer to a request for one task.
Result<Response> answer_one(Result<Tasks> tasks, const UserId& user) {
  if (!tasks) return std::unexpected(std::move(tasks.error()));
  if (tasks->rows.empty()) return no_such_task();
  return success(Success::ok, write_task(tasks->rows.front(), user.value()));
}

}  // namespace

TaskHandlers::Answer TaskHandlers::list(const Route& route, const UserId& user, TracePtr trace) {
  TaskFilter status = TaskFilter::all;
  if (!route.query.empty()) {
    const auto query = read_list_query(route.query);
    if (!query) co_return std::unexpected(query.error());
    if (!query->plain) co_return co_await list_as_asked(route, user, *query, std::move(trace));
    status = query->filter.status;
  }
  const auto tasks = co_await store_.list(user, status, std::nullopt, trace);
  if (!tasks) co_return std::unexpected(tasks.error());
  Response response = success(Success::ok, write_tasks(*tasks, user.value()));
  if (tasks->next)
    response.more = std::make_unique<LongList>(store_, user, status, *tasks->next, std::move(trace));
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
  response.headers.emplace_back("Location", fmt::format("/api/tasks/{}", row.id));
  tell_replayed(created->replayed, response);
  co_return response;
}

TaskHandlers::Answer TaskHandlers::get(const Route& route, const UserId& user, TracePtr trace) {
  if (route.task_id == 0) co_return no_such_task();
  co_return answer_one(co_await store_.get(user, route.task_id, std::move(trace)), user);
}

TaskHandlers::Answer TaskHandlers::update(const Route& route, const Request& request, const UserId& user) {
  const auto change = read_body(request, parse_task_change);
  if (!change) co_return std::unexpected(change.error());
  if (route.task_id == 0) co_return no_such_task();
  if (change->empty()) co_return answer_one(co_await store_.get(user, route.task_id, request.trace), user);
  co_return answer_one(co_await store_.update(user, route.task_id, *change, request.trace), user);
}

TaskHandlers::Answer TaskHandlers::remove(const Route& route, const UserId& user, TracePtr trace) {
  if (route.task_id == 0) co_return no_such_task();
  const auto removed = co_await store_.remove(user, route.task_id, std::move(trace));
  if (!removed) co_return std::unexpected(removed.error());
  if (!*removed) co_return no_such_task();
  co_return success(Success::no_content, {});
}

TaskHandlers::Answer TaskHandlers::complete(const Route& route, const Request& request, const UserId& user) {
  const auto completed = read_body(request, parse_completion);
  if (!completed) co_return std::unexpected(completed.error());
  const auto key = read_idempotency_key(request.idempotency_key);
  if (!key) co_return std::unexpected(key.error());
  if (route.task_id == 0) co_return no_such_task();
  if (!*key)
    co_return answer_one(co_await store_.complete(user, route.task_id, *completed, request.trace), user);
  const Intent intent{.key = **key, .fingerprint = fingerprint(route.task_id, *completed)};
  const auto changed = co_await store_.complete_once(user, intent, route.task_id, *completed, request.trace);
  auto response = answer_one(changed, user);
  if (response) tell_replayed(changed->replayed, *response);
  co_return response;
}

// Draft-ietf-httpapi-idempotency-key-header leaves open how; this is the most common way.
void TaskHandlers::tell_replayed(bool replayed, Response& response) {
  if (!replayed) return;
  add(metrics_.idempotency_replays);
  response.headers.emplace_back("Idempotency-Replayed", "true");
}

}  // namespace tasklane
