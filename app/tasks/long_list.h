#pragma once
// What follows the first page of a list: page after page, each an ordinary read of the store. Between two of
// them nothing is held but the place where the list goes on.

#include <optional>

#include "http/message.h"
#include "tasks/task_store.h"

namespace tasklane {

class LongList final : public BodyPieces {
 public:
  LongList(TaskStore& store, UserId user, TaskFilter filter, ListPage page, TracePtr trace)
      : store_(store), user_(std::move(user)), filter_(filter), page_(page), trace_(std::move(trace)) {}

  boost::asio::awaitable<Result<std::string>> next() override;

 private:
  TaskStore& store_;
  UserId user_;
  TaskFilter filter_;
  std::optional<ListPage> page_;  // none: all have been read
  TracePtr trace_;
};

}  // namespace tasklane
