#pragma once
// The handlers on the in-memory store, spoken to as the API does: routed requests of a proven user.

#include "awaiting.h"
#include "json/json_reader.h"
#include "memory_task_store.h"
#include "requests.h"
#include "tasks/task_handlers.h"
#include "users.h"

namespace tasklane {

struct TasksFixture {
  Result<Response> send(const Request& request, const UserId& user) {
    const auto route = find_route(request);
    if (!route) return std::unexpected(route.error());
    return await(loop, handle(*route, request, user));
  }
  Result<Response> send(const std::string& method, const std::string& target) {
    return send(make_request(method, target), alice);
  }
  Result<Response> send(const std::string& method, const std::string& target, const std::string& body,
                        const std::string& content_type = "application/json") {
    return send(with_body(method, target, body, content_type), alice);
  }

  // The answer's status as a number, whether it is a success or a problem.
  static int status_of(const Result<Response>& answer) {
    return answer ? answer->status : problem(answer.error(), "").status;
  }
  int status(auto... request) { return status_of(send(request...)); }

  static JsonValue json_of(const Result<Response>& answer) {
    auto value = parse_json(answer.value().body);
    if (!value) throw std::runtime_error(value.error());
    return *std::move(value);
  }
  std::string create(const std::string& title, const UserId& user) {
    const auto made = send(with_body("POST", "/api/tasks", R"({"title":")" + title + R"("})"), user);
    return "/api/tasks/" + std::to_string(*json_of(made).find("id")->integer());
  }
  // The titles of a list, in its order: "a b c".
  std::string titles(const std::string& target, const UserId& user) {
    const JsonValue list = json_of(send(make_request("GET", target), user));
    std::string text;
    for (const JsonValue& task : *list.array())
      text += (text.empty() ? "" : " ") + *task.find("title")->string();
    return text;
  }

  boost::asio::io_context loop;
  MemoryTaskStore store;
  WorkerMetrics metrics{};
  TaskHandlers handlers{store, metrics};
  const UserId alice = user_named("alice");
  const UserId bob = user_named("bob");

 private:
  TaskHandlers::Answer handle(const Route& route, const Request& request, const UserId& user) {
    switch (route.endpoint) {
      case Endpoint::list_tasks:
        return handlers.list(route, request, user);
      case Endpoint::create_task:
        return handlers.create(request, user);
      case Endpoint::get_task:
        return handlers.get(route, request, user);
      case Endpoint::update_task:
        return handlers.update(route, request, user);
      case Endpoint::delete_task:
        return handlers.remove(route, request, user);
      case Endpoint::delete_tasks:
        return handlers.remove_many(route, request, user);
      case Endpoint::complete_task:
        return handlers.complete(route, request, user);
      case Endpoint::task_stats:
        return handlers.stats(request, user);
      case Endpoint::healthz:
      case Endpoint::readyz:
      case Endpoint::metrics:
      case Endpoint::status:
      case Endpoint::unknown:
        break;
    }
    throw std::logic_error("no request for tasks");
  }
};

}  // namespace tasklane
