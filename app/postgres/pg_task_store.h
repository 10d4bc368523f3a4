#pragma once
// Tasks in Postgres: each operation is one prepared statement and one round trip.

#include "postgres/connection_pool.h"
#include "tasks/task_store.h"

namespace tasklane {

class PgTaskStore final : public TaskStore {
 public:
  explicit PgTaskStore(ConnectionPool& pool) : pool_(pool) {}

  Awaitable<Tasks> list(const UserId& user, TaskFilter filter, TracePtr trace) override;
  Awaitable<Tasks> get(const UserId& user, TaskId id, TracePtr trace) override;
  Awaitable<Tasks> create(const UserId& user, const NewTask& task, TracePtr trace) override;
  Awaitable<Tasks> update(const UserId& user, TaskId id, const TaskChange& change, TracePtr trace) override;
  Awaitable<Tasks> complete(const UserId& user, TaskId id, std::optional<bool> completed,
                            TracePtr trace) override;
  Awaitable<bool> remove(const UserId& user, TaskId id, TracePtr trace) override;

 private:
  ConnectionPool& pool_;
};

}  // namespace tasklane
