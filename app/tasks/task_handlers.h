#pragma once
// The endpoints of tasks: what each takes from a request, asks of the store and answers. The user is
// already known and proven; another user's task is answered exactly like a missing one.

#include "auth/user_id.h"
#include "base/metrics.h"
#include "http/message.h"
#include "http/problem.h"
#include "http/router.h"
#include "tasks/list_query.h"
#include "tasks/task_store.h"

namespace tasklane {

class TaskHandlers {
 public:
  TaskHandlers(TaskStore& store, WorkerMetrics& metrics) : store_(store), metrics_(metrics) {}

  using Answer = boost::asio::awaitable<Result<Response>>;

  Answer list(const Route& route, const Request& request, const UserId& user);
  Answer create(const Request& request, const UserId& user);
  Answer get(const Route& route, const Request& request, const UserId& user);
  Answer update(const Route& route, const Request& request, const UserId& user);
  Answer remove(const Route& route, const Request& request, const UserId& user);
  Answer remove_many(const Route& route, const Request& request, const UserId& user);
  Answer complete(const Route& route, const Request& request, const UserId& user);
  Answer stats(const Request& request, const UserId& user);

 private:
  Answer list_as_asked(const Route& route, const Request& request, const UserId& user,
                       const ListQuery& query);
  TaskStore::Awaitable<std::size_t> remove_in_steps(const UserId& user, TaskFilter status, TracePtr trace);
  // `weak`: If-Match had a tag that never matches.
  Result<Response> answer_change(const Result<Tasks>& changed, const UserId& user, bool weak);
  void tell_replayed(bool replayed, Response& response);

  TaskStore& store_;
  WorkerMetrics& metrics_;
};

}  // namespace tasklane
