#pragma once
// A list in any order as a body: what is at hand at once, and the rest while it is sent. A description that
// is too long for its slice is read when its turn has come, and a list without a limit slice by slice. So a
// list takes bounded memory, however long its descriptions are.

#include <memory>
#include <span>
#include <string>

#include "http/message.h"
#include "tasks/task_store.h"

namespace tasklane {

class ListPieces final : public BodyPieces {
 public:
  // `tasks` are the rows of `slice`. Further slices follow it when `goes_on`.
  ListPieces(TaskStore& store, UserId user, ListSlice slice, Tasks tasks, bool goes_on, TracePtr trace)
      : store_(store),
        user_(std::move(user)),
        slice_(std::move(slice)),
        tasks_(std::move(tasks)),
        goes_on_(goes_on),
        trace_(std::move(trace)) {}

  // What can be written without a read: the body's beginning.
  std::string begin();
  bool ended() const { return ended_; }

  boost::asio::awaitable<Result<std::string>> next() override;

 private:
  boost::asio::awaitable<Result<void>> read_slice();
  std::string write(std::span<const Task> rows);

  TaskStore& store_;
  UserId user_;
  ListSlice slice_;
  Tasks tasks_;
  bool goes_on_;
  TracePtr trace_;
  std::size_t written_ = 0;      // of the slice's rows
  std::size_t cut_written_ = 0;  // and of those of them that are cut
  std::string_view before_ = "[";
  bool ended_ = false;
};

}  // namespace tasklane
