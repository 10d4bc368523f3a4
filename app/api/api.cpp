#include "api/api.h"

#include <algorithm>

#include "base/log.h"
#include "http/problem.h"

namespace tasklane {

Api::Api(Authenticator& authenticator, TaskStore& store, Operations& operations, WorkerMetrics& metrics,
         std::size_t requests_in_flight_max)
    : authenticator_(authenticator),
      tasks_(store),
      operations_(operations),
      metrics_(metrics),
      requests_in_flight_max_(requests_in_flight_max) {}

boost::asio::awaitable<Response> Api::handle(Request request) {
  Route route{.endpoint = Endpoint::unknown};
  Result<Response> answered = fail(ErrorType::internal_server_error, "Internal server error");
  add(metrics_.requests_in_flight);
  try {
    answered = co_await answer(request, route);
    if (!answered && answered.error().type == ErrorType::internal_server_error)
      log::error("request failed", {{"request_id", request.request_id}, {"error", answered.error().detail}});
  } catch (const std::exception& error) {
    log::error("request failed", {{"request_id", request.request_id}, {"error", error.what()}});
  }
  subtract(metrics_.requests_in_flight);
  Response response = answered ? std::move(*answered) : problem(answered.error(), request.request_id);
  response.head = request.method == "HEAD";  // where no route was found, too
  measure(request, route.endpoint, response.status);
  co_return response;
}

Api::Answer Api::answer(const Request& request, Route& route) {
  auto found = find_route(request);
  if (!found) co_return std::unexpected(std::move(found.error()));
  route = std::move(*found);
  switch (route.endpoint) {
    case Endpoint::healthz:
      co_return operations_.health();
    case Endpoint::readyz:
      co_return co_await operations_.readiness();
    case Endpoint::metrics:
      co_return operations_.metrics();
    case Endpoint::status:
      co_return operations_.status();
    case Endpoint::unknown:
    case Endpoint::list_tasks:
    case Endpoint::create_task:
    case Endpoint::get_task:
    case Endpoint::update_task:
    case Endpoint::delete_task:
    case Endpoint::complete_task:
      break;
  }
  if (read(metrics_.requests_in_flight) > requests_in_flight_max_) {
    add(metrics_.overload_rejections);
    co_return fail(ErrorType::service_unavailable, "Too many requests are in flight; try again");
  }
  co_return co_await answer_for_user(request, route);
}

Api::Answer Api::answer_for_user(const Request& request, const Route& route) {
  const auto user = co_await authenticator_.authenticate(request.authorization);
  if (!user) co_return std::unexpected(user.error());
  if (route.path_user && *route.path_user != user->value())
    co_return fail(ErrorType::authorization_error, "These tasks belong to another user");
  switch (route.endpoint) {
    case Endpoint::list_tasks:
      co_return co_await tasks_.list(route, *user);
    case Endpoint::create_task:
      co_return co_await tasks_.create(request, *user);
    case Endpoint::get_task:
      co_return co_await tasks_.get(route, *user);
    case Endpoint::update_task:
      co_return co_await tasks_.update(route, request, *user);
    case Endpoint::delete_task:
      co_return co_await tasks_.remove(route, *user);
    case Endpoint::complete_task:
      co_return co_await tasks_.complete(route, request, *user);
    case Endpoint::healthz:
    case Endpoint::readyz:
    case Endpoint::metrics:
    case Endpoint::status:
    case Endpoint::unknown:
      break;
  }
  co_return fail(ErrorType::not_found_error, "Not found");
}

void Api::measure(const Request& request, Endpoint endpoint, int status) {
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                           request.received);
  const auto microseconds = static_cast<std::uint64_t>(taken.count());
  const auto bucket = std::ranges::lower_bound(kLatencyBucketsMicroseconds, microseconds);
  add(metrics_.latency[static_cast<std::size_t>(bucket - kLatencyBucketsMicroseconds.begin())]);
  add(metrics_.latency_sum_microseconds, microseconds);
  add(metrics_.responses[static_cast<std::size_t>(endpoint)][static_cast<std::size_t>(status) / 100]);
}

}  // namespace tasklane
