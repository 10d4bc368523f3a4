#pragma once
// Tasks in Postgres: each operation is one prepared statement and one round trip.

#include "postgres/connection_pool.h"
#include "store/key_sweep.h"
#include "store/user_statement.h"
#include "tasks/task_store.h"

namespace tasklane {

// Rows with the statements' task columns, or `marked` with kMarkedTask's, whose texts are not copied. Rows
// that are no tasks are an internal_server_error.
Result<Tasks> read_tasks(const Rows& rows, bool marked = false);
std::unexpected<Error> unexpected_answer();

class PgTaskStore final : public TaskStore {
 public:
  // `sweep` goes along with its statements. Null: expired idempotency keys stay.
  explicit PgTaskStore(ConnectionPool& pool, KeySweep* sweep = nullptr) : pool_(pool), sweep_(sweep) {}

  Awaitable<Tasks> list(const UserId& user, TaskFilter filter, std::optional<ListPage> page = std::nullopt,
                        TracePtr trace = nullptr) override;
  Awaitable<Tasks> list_slice(const UserId& user, const ListSlice& slice, TracePtr trace = nullptr) override;
  Awaitable<Tasks> get_some(const UserId& user, const std::vector<TaskId>& ids,
                            TracePtr trace = nullptr) override;
  Awaitable<Tasks> get(const UserId& user, TaskId id, TracePtr trace = nullptr) override;
  Awaitable<Tasks> create(const UserId& user, const NewTask& task, TracePtr trace = nullptr) override;
  Awaitable<Tasks> update(const UserId& user, TaskId id, const TaskChange& change,
                          const Terms& terms = kNoTerms, TracePtr trace = nullptr) override;
  Awaitable<Tasks> complete(const UserId& user, TaskId id, std::optional<bool> completed,
                            const Terms& terms = kNoTerms, TracePtr trace = nullptr) override;
  Awaitable<Tasks> remove(const UserId& user, TaskId id, const Terms& terms = kNoTerms,
                          TracePtr trace = nullptr) override;
  Awaitable<Deletion> remove_some(const UserId& user, TaskFilter status, TaskId behind,
                                  std::optional<TaskId> newest, TracePtr trace = nullptr) override;
  Awaitable<std::optional<KeptDeletion>> find_deletion(const UserId& user, const Intent& intent,
                                                       TracePtr trace = nullptr) override;
  Awaitable<KeptDeletion> keep_deletion(const UserId& user, const Intent& intent, std::size_t deleted,
                                        TracePtr trace = nullptr) override;
  Awaitable<Tasks> create_once(const UserId& user, const Intent& intent, const NewTask& task,
                               TracePtr trace = nullptr) override;
  Awaitable<TaskStats> stats(const UserId& user, TracePtr trace = nullptr) override;

 private:
  Awaitable<Rows> run(const UserStatement& statement, UserParameters&& parameters, TracePtr trace);
  Awaitable<Tasks> run_bound(const UserStatement& with_versions, const UserStatement& once,
                             UserParameters parameters, const Terms& terms, TracePtr trace);

  ConnectionPool& pool_;
  KeySweep* sweep_;
};

}  // namespace tasklane
