#pragma once
// The API on real tokens, the real authenticator, the in-memory store and metrics of its own.

#include <ctime>

#include "api/api.h"
#include "awaiting.h"
#include "bodies.h"
#include "http/problem.h"
#include "json/json_reader.h"
#include "memory_task_store.h"
#include "requests.h"
#include "users.h"

namespace tasklane {

struct ApiFixture {
  static constexpr std::size_t kInFlightMax = 3;

  ApiFixture() { add(own.starts); }

  Response send(Request request) {
    Response response = await(loop, api.handle(std::move(request)));
    api.written(response);
    return response;
  }
  Response send(const std::string& method, const std::string& target) {
    return send(make_request(method, target));
  }
  Response detailed_readiness() {
    Request request = make_request("GET", "/readyz");
    request.readiness_details = true;
    return send(std::move(request));
  }
  Response send_as(const std::string& user, Request request) {
    request.authorization = keep("Bearer " + token_of(user));
    return send(std::move(request));
  }
  Response send_as(const std::string& user, const std::string& method, const std::string& target) {
    return send_as(user, make_request(method, target));
  }
  // A list of alice's, not written yet.
  Response begin_list(const std::string& method) {
    Request request = make_request(method, "/api/tasks");
    request.authorization = keep("Bearer " + token_of("alice"));
    return await(loop, api.handle(std::move(request)));
  }
  void fill(int count) {
    const UserId alice = user_named("alice");
    for (int i = 0; i < count; ++i)
      await(loop, store.create(alice, NewTask{.title = "t", .description = {}}));
    store.calls.clear();
  }
  // A problem's error_type, or the status of what is none.
  static std::string kind_of(const Response& response) {
    const auto value = parse_json(response.body);
    const JsonValue* type = value ? value->find("error_type") : nullptr;
    return type == nullptr ? std::to_string(response.status) : *type->string();
  }

  std::uint64_t responses(Endpoint endpoint, std::size_t status_class) const {
    std::uint64_t sum = 0;
    for (const auto& statuses : own.requests[static_cast<std::size_t>(endpoint)]) {
      for (const int status : known_statuses())
        if (static_cast<std::size_t>(status / 100) == status_class)
          sum += read(statuses[status_index(status)]);
    }
    return sum;
  }

  boost::asio::io_context loop;
  Metrics metrics = Metrics::create();
  WorkerMetrics& own = metrics.layout().workers[3];
  MemoryTaskStore store;
  Authenticator authenticator{{kTestSecret}, nullptr, {}, 100, own, [] { return std::time(nullptr); }};
  Result<void> database;  // what readyz finds
  Operations operations{metrics.layout(), [this](TracePtr) { return probe(); }};
  Api api{authenticator, store, operations, own, kInFlightMax, std::chrono::seconds(1)};

 private:
  boost::asio::awaitable<Result<void>> probe() { co_return database; }
};

}  // namespace tasklane
