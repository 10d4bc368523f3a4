#pragma once
// Where tasks are kept: the one abstract interface of the product. Postgres serves it, an in-memory fake
// stands in for it in unit tests. Every operation is one user's; another user's task is as good as none.
//
// Fails with service_unavailable (nothing was sent) or, for writes, outcome_unknown (sent, no reply). A
// returned write is committed. `trace` is the request's, for its log lines and its times.

#include <optional>
#include <vector>

#include "auth/user_id.h"
#include "base/awaitable.h"
#include "base/result.h"
#include "base/trace.h"
#include "tasks/intent.h"
#include "tasks/task.h"
#include "tasks/task_list.h"

namespace tasklane {

// What a change of one task is bound to.
struct Terms {
  std::optional<Intent> intent = {};  // it happens once, as create_once() does
  IfMatch if_match = {};              // else nothing is done, and the answer is the task with `matched` unset
};

inline const Terms kNoTerms;

class TaskStore {
 public:
  template <class T>
  using Awaitable = boost::asio::awaitable<Result<T>>;

  virtual ~TaskStore() = default;

  // One page of the list, newest first: created_at, then id, descending. Without `page` the first one, of at
  // most limits::kListFirstRowsMax rows; `next` of the answer leads to the one behind it. Each page shows the
  // tasks as they are when it is read.
  virtual Awaitable<Tasks> list(const UserId& user, TaskFilter filter,
                                std::optional<ListPage> page = std::nullopt, TracePtr trace = nullptr) = 0;
  // A part of a list in any order, with any filter. It is the whole slice when it has rows_max rows.
  virtual Awaitable<Tasks> list_slice(const UserId& user, const ListSlice& slice,
                                      TracePtr trace = nullptr) = 0;
  // Those of these tasks that there are, in any order.
  virtual Awaitable<Tasks> get_some(const UserId& user, const std::vector<TaskId>& ids,
                                    TracePtr trace = nullptr) = 0;
  // The rest answer with one row, or none when the user has no such task. create answers with the new one, or
  // none when the database made none (a trigger's doing).
  virtual Awaitable<Tasks> get(const UserId& user, TaskId id, TracePtr trace = nullptr) = 0;
  virtual Awaitable<Tasks> create(const UserId& user, const NewTask& task, TracePtr trace = nullptr) = 0;
  // The changes. Each adds one to the task's version.
  virtual Awaitable<Tasks> update(const UserId& user, TaskId id, const TaskChange& change,
                                  const Terms& terms = kNoTerms, TracePtr trace = nullptr) = 0;
  // Sets `completed`, or flips it when there is none.
  virtual Awaitable<Tasks> complete(const UserId& user, TaskId id, std::optional<bool> completed,
                                    const Terms& terms = kNoTerms, TracePtr trace = nullptr) = 0;
  // Of the task that there was, only the id is told.
  virtual Awaitable<Tasks> remove(const UserId& user, TaskId id, const Terms& terms = kNoTerms,
                                  TracePtr trace = nullptr) = 0;

  // Deletes the first limits::kDeletedRowsMax of the user's tasks with this status, in the order of their
  // ids, that have an id behind `behind` and up to `newest` (none: the newest there is).
  virtual Awaitable<Deletion> remove_some(const UserId& user, TaskFilter status, TaskId behind,
                                          std::optional<TaskId> newest, TracePtr trace = nullptr) = 0;

  // The answer that such a deletion has had; nullopt: none yet. `conflict` answers another intent of the key.
  virtual Awaitable<std::optional<KeptDeletion>> find_deletion(const UserId& user, const Intent& intent,
                                                               TracePtr trace = nullptr) = 0;
  // Keeps it, unless there is one by now, and answers with what is kept.
  virtual Awaitable<KeptDeletion> keep_deletion(const UserId& user, const Intent& intent, std::size_t deleted,
                                                TracePtr trace = nullptr) = 0;

  // As create, but once for an intent: for limits::kIdempotencyKeyLifetime the same one is answered as it was
  // the first time, with `replayed` set, and `conflict` answers another one of the same key. Of two at once
  // the second waits for the first. Only what was done is kept: where there is no task, nothing is.
  virtual Awaitable<Tasks> create_once(const UserId& user, const Intent& intent, const NewTask& task,
                                       TracePtr trace = nullptr) = 0;

  virtual Awaitable<TaskStats> stats(const UserId& user, TracePtr trace = nullptr) = 0;
};

}  // namespace tasklane
