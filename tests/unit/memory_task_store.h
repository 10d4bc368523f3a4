#pragma once
// The one fake of TaskStore: tasks in memory, with the semantics of the statements that PgTaskStore runs. It
// tells which operations it was asked for, and can be made to fail, to throw or to keep its callers waiting.

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/awaitable.h"
#include "tasks/task_store.h"

namespace tasklane {

class MemoryTaskStore final : public TaskStore {
 public:
  Awaitable<Tasks> list(const UserId& user, TaskFilter filter, std::optional<ListPage> page = std::nullopt,
                        TracePtr trace = nullptr) override;
  Awaitable<Tasks> list_slice(const UserId& user, const ListSlice& slice, TracePtr trace = nullptr) override;
  Awaitable<Tasks> get_some(const UserId& user, const std::vector<TaskId>& ids,
                            TracePtr trace = nullptr) override;
  Awaitable<Deletion> remove_some(const UserId& user, TaskFilter status, TaskId behind,
                                  std::optional<TaskId> newest, TracePtr trace = nullptr) override;
  Awaitable<std::optional<KeptDeletion>> find_deletion(const UserId& user, const Intent& intent,
                                                       TracePtr trace = nullptr) override;
  Awaitable<KeptDeletion> keep_deletion(const UserId& user, const Intent& intent, std::size_t deleted,
                                        TracePtr trace = nullptr) override;
  Awaitable<Tasks> get(const UserId& user, TaskId id, TracePtr trace = nullptr) override;
  Awaitable<Tasks> create(const UserId& user, const NewTask& task, TracePtr trace = nullptr) override;
  Awaitable<Tasks> update(const UserId& user, TaskId id, const TaskChange& change,
                          const Terms& terms = kNoTerms, TracePtr trace = nullptr) override;
  Awaitable<Tasks> complete(const UserId& user, TaskId id, std::optional<bool> completed,
                            const Terms& terms = kNoTerms, TracePtr trace = nullptr) override;
  Awaitable<Tasks> remove(const UserId& user, TaskId id, const Terms& terms = kNoTerms,
                          TracePtr trace = nullptr) override;
  Awaitable<Tasks> create_once(const UserId& user, const Intent& intent, const NewTask& task,
                               TracePtr trace = nullptr) override;
  Awaitable<TaskStats> stats(const UserId& user, TracePtr trace = nullptr) override;

  std::vector<std::string> calls;                   // the operations in the order they were asked for
  std::optional<Error> failure;                     // the next calls fail with it
  std::size_t calls_before_failure = 0;             // but for so many
  bool suppresses_inserts = false;                  // as a trigger of the database's may
  std::string exception;                            // not empty: the next calls throw it
  Timestamp now = 1'700'000'000'000'000;            // a write moves it one microsecond on
  std::unique_ptr<boost::asio::steady_timer> gate;  // set: calls wait for it

 private:
  struct Record {
    TaskId id;
    std::string title;
    std::optional<std::string> description;
    bool completed;
    Timestamp created_at;
    Timestamp updated_at;
    std::int64_t version;
  };
  using Records = std::vector<Record>;
  struct Kept {
    Sha256 fingerprint;
    Record answer;
    Timestamp stored_at;
  };
  using KeyOfUser = std::pair<std::string, std::string>;

  boost::asio::awaitable<Result<void>> enter(const char* operation);
  Record* find(const UserId& user, TaskId id);
  static Tasks answer(Records records, bool versioned = true);
  static Tasks answer(const Record* record);
  Record* make(const UserId& user, const NewTask& task);
  using Write = std::function<const Record*()>;
  Result<Tasks> once(const UserId& user, const Intent& intent, const Write& write);
  Result<Tasks> change(const UserId& user, TaskId id, const Terms& terms,
                       const std::function<void(Record&)>& write);

  std::map<std::string, Records> users_;
  std::map<KeyOfUser, Kept> keys_;
  TaskId last_id_ = 0;
};

}  // namespace tasklane
