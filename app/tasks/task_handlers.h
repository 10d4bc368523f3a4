#pragma once
// The six endpoints of tasks: what each takes from a request, asks of the store and answers. The user is
// already known and proven; another user's task is answered exactly like a missing one.

#include "auth/user_id.h"
#include "base/metrics.h"
#include "http/message.h"
#include "http/problem.h"
#include "http/router.h"
#include "tasks/task_store.h"

namespace tasklane {

class TaskHandlers {
 public:
  TaskHandlers(TaskStore& store, WorkerMetrics& metrics) : store_(store), metrics_(metrics) {}

  using Answer = boost::asio::awaitable<Result<Response>>;

  Answer list(const Route& route, const UserId& user, TracePtr trace = nullptr);
  Answer create(const Request& request, const UserId& user);
  Answer get(const Route& route, const UserId& user, TracePtr trace = nullptr);
  Answer update(const Route& route, const Request& request, const UserId& user);
  Answer remove(const Route& route, const UserId& user, TracePtr trace = nullptr);
  Answer complete(const Route& route, const Request& request, const UserId& user);

 private:
  void tell_replayed(const Tasks& tasks, Response& response);

  TaskStore& store_;
  WorkerMetrics& metrics_;
};

}  // namespace tasklane
