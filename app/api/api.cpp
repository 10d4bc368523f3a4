#include "api/api.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "base/limits.h"
#include "base/log.h"
#include "http/problem.h"

namespace tasklane {

namespace {

Result<Response> not_found() {
  return fail(ErrorType::not_found_error, "Not found");
}

bool changes_nothing(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

Api::Api(Authenticator& authenticator, TaskStore& store, Operations& operations, WorkerMetrics& metrics,
         std::size_t requests_in_flight_max, std::chrono::milliseconds slow_request, UserLimit user_limit,
         UserMarks* marks)
    : authenticator_(authenticator),
      tasks_(store, metrics),
      operations_(operations),
      metrics_(metrics),
      requests_in_flight_max_(requests_in_flight_max),
      slow_request_(slow_request),
      user_limit_(user_limit),
      marks_(marks) {}

boost::asio::awaitable<Response> Api::handle(Request request) {
  const auto trace = std::make_shared<Trace>(Trace{.request_id = std::string(request.request_id),
                                                   .trace_id = std::string(trace_id_of(request.traceparent)),
                                                   .method = kMethods[method_index(request.method)],
                                                   .received = request.received,
                                                   .read = request.read});
  request.trace = trace;
  Route route{.endpoint = Endpoint::unknown};
  std::optional<VerifiedToken> token;
  Result<Response> result;
  add(metrics_.requests_in_flight);
  try {
    result = co_await answer(request, route, token);
    if (!result && result.error().type == ErrorType::internal_server_error && token && marks_ != nullptr)
      co_await look_again(*token, result);
    if (!result && result.error().type == ErrorType::internal_server_error)
      log::error("request failed", {{"request_id", trace->request_id},
                                    {"trace_id", trace->trace_id},
                                    {"error", result.error().detail}});
  } catch (const std::exception& error) {
    log::error("request failed",
               {{"request_id", trace->request_id}, {"trace_id", trace->trace_id}, {"error", error.what()}});
    result = fail(ErrorType::internal_server_error, "Internal server error");
  }
  Response response = result ? std::move(*result) : problem(result.error(), request.request_id);
  response.head = request.method == "HEAD";  // where no route was found, too
  response.trace = trace;
  trace->endpoint = route.endpoint;
  if (!response.more) answered(*trace, response.status);  // or else once it is written
  co_return response;
}

void Api::answered(const Trace& trace, int status) {
  subtract(metrics_.requests_in_flight);
  const auto endpoint = static_cast<std::size_t>(trace.endpoint);
  add(metrics_.requests[endpoint][method_index(trace.method)][status_index(status)]);
}

Api::Answer Api::answer(const Request& request, Route& route, std::optional<VerifiedToken>& token) {
  auto found = find_route(request);
  if (!found) return at_once(std::unexpected(std::move(found.error())));
  route = std::move(*found);
  switch (route.endpoint) {
    case Endpoint::healthz:
      return at_once(operations_.health());
    case Endpoint::readyz:
      return operations_.readiness(authenticator_, request.trace,
                                   request.readiness_details && !request.by_tcp);
    case Endpoint::metrics:
      return at_once(request.by_tcp ? not_found() : operations_.metrics());
    case Endpoint::status:
      return at_once(request.by_tcp ? not_found() : operations_.status());
    case Endpoint::unknown:
    case Endpoint::list_tasks:
    case Endpoint::create_task:
    case Endpoint::get_task:
    case Endpoint::update_task:
    case Endpoint::delete_task:
    case Endpoint::delete_tasks:
    case Endpoint::complete_task:
    case Endpoint::task_stats:
      break;
  }
  if (read(metrics_.requests_in_flight) > requests_in_flight_max_) {
    add(metrics_.overload_rejections);
    return at_once(fail(ErrorType::service_unavailable, "Too many requests are in flight; try again"));
  }
  token = authenticator_.recognise(request.authorization);
  if (!token) return authenticate(request, route, token);
  request.trace->authenticated = std::chrono::steady_clock::now();
  return answer_token(request, route, *token);
}

Api::Answer Api::at_once(Result<Response> answer) {
  co_return answer;
}

Api::Answer Api::authenticate(const Request& request, const Route& route,
                              std::optional<VerifiedToken>& token) {
  auto proven = co_await authenticator_.authenticate(request.authorization);
  request.trace->authenticated = std::chrono::steady_clock::now();
  if (!proven) co_return std::unexpected(std::move(proven.error()));
  token = std::move(*proven);
  co_return co_await answer_token(request, route, *token);
}

Api::Answer Api::answer_token(const Request& request, const Route& route, const VerifiedToken& token) {
  if (marks_ == nullptr) return answer_user(request, route, token.user);
  if (!marks_->known_at(request.trace->authenticated)) return answer_unsure(request, route, token);
  if (auto refused = refusal(token)) return at_once(std::unexpected(std::move(*refused)));
  return answer_user(request, route, token.user);
}

// What is known of blocked users is too old for this request. A write waits for the look. A read runs beside
// it, in the same flush, and its answer waits.
Api::Answer Api::answer_unsure(const Request& request, const Route& route, const VerifiedToken& token) {
  Result<Response> read;
  if (changes_nothing(request)) {
    marks_->look(co_await boost::asio::this_coro::executor);
    read = co_await answer_user(request, route, token.user);
    if (!read && read.error().type == ErrorType::service_unavailable) co_return read;
  }
  auto known = co_await marks_->know_at(request.trace->authenticated);
  if (!known) co_return std::unexpected(std::move(known.error()));
  if (auto refused = refusal(token)) co_return std::unexpected(std::move(*refused));
  if (changes_nothing(request)) co_return read;
  co_return co_await answer_user(request, route, token.user);
}

boost::asio::awaitable<void> Api::look_again(const VerifiedToken& token, Result<Response>& result) {
  const auto known = co_await marks_->know_at(std::chrono::steady_clock::now() + limits::kMarksAgeMax);
  if (!known) co_return;
  if (auto refused = refusal(token)) result = std::unexpected(std::move(*refused));
}

std::optional<Error> Api::refusal(const VerifiedToken& token) {
  switch (marks_->standing(token)) {
    case UserMarks::Standing::good:
      return std::nullopt;
    case UserMarks::Standing::blocked:
      return Error{.type = ErrorType::account_blocked, .detail = "This account is blocked"};
    case UserMarks::Standing::signed_out:
      return authenticator_.refuse(TokenFault::signed_out).error();
    case UserMarks::Standing::deleted:
      return authenticator_.refuse(TokenFault::account_deleted).error();
  }
  std::unreachable();
}

Api::Answer Api::answer_user(const Request& request, const Route& route, const UserId& user) {
  if (!user_limit_.admit(user, request.trace->authenticated)) {
    add(metrics_.user_rate_rejections);
    return at_once(fail(ErrorType::rate_limited, "Too many requests of this user; try again"));
  }
  if (route.path_user && *route.path_user != user.value())
    return at_once(fail(ErrorType::authorization_error, "These tasks belong to another user"));
  if (!changes_nothing(request) && operations_.read_only()) {
    return at_once(
        fail(ErrorType::read_only, "Changes are turned off for now; nothing was changed. Try again later"));
  }
  switch (route.endpoint) {
    case Endpoint::list_tasks:
      return tasks_.list(route, request, user);
    case Endpoint::create_task:
      return tasks_.create(request, user);
    case Endpoint::get_task:
      return tasks_.get(route, request, user);
    case Endpoint::update_task:
      return tasks_.update(route, request, user);
    case Endpoint::delete_task:
      return tasks_.remove(route, request, user);
    case Endpoint::delete_tasks:
      return tasks_.remove_many(route, request, user);
    case Endpoint::complete_task:
      return tasks_.complete(route, request, user);
    case Endpoint::task_stats:
      return tasks_.stats(request, user);
    case Endpoint::healthz:
    case Endpoint::readyz:
    case Endpoint::metrics:
    case Endpoint::status:
    case Endpoint::unknown:
      break;
  }
  return at_once(not_found());
}

void Api::written(const Response& response, const Error* broken_off) {
  if (!response.trace) return;
  const Trace& trace = *response.trace;
  const int status = broken_off != nullptr ? status_number(broken_off->type) : response.status;
  if (response.more) answered(trace, status);
  if (broken_off != nullptr) {
    log::error(
        "answer broken off",
        {{"request_id", trace.request_id}, {"trace_id", trace.trace_id}, {"error", broken_off->detail}});
  }
  const auto now = std::chrono::steady_clock::now();
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(now - trace.received);
  const auto microseconds = static_cast<std::uint64_t>(taken.count());
  const auto bucket = std::ranges::lower_bound(kLatencyBucketsMicroseconds, microseconds);
  const auto endpoint = static_cast<std::size_t>(trace.endpoint);
  add(metrics_.latency[endpoint][static_cast<std::size_t>(bucket - kLatencyBucketsMicroseconds.begin())]);
  add(metrics_.latency_sum_microseconds[endpoint], microseconds);
  if (taken < slow_request_) return;
  if (slow_request_.count() > 0) add(metrics_.slow_requests);  // 0 asks for every request, slow or not
  const Phases phase = phases(trace, now);
  log::warning(slow_request_.count() > 0 ? "slow request" : "request",
               {{"request_id", trace.request_id},
                {"trace_id", trace.trace_id},
                {"method", trace.method},
                {"route", route_label(trace.endpoint)},
                {"status", status},
                {"duration_us", taken.count()},
                {"parse_us", phase.parse.count()},
                {"auth_us", phase.auth.count()},
                {"database_wait_us", phase.database_wait.count()},
                {"database_us", phase.database.count()},
                {"write_us", phase.write.count()}});
}

}  // namespace tasklane
