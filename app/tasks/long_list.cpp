#include "tasks/long_list.h"

#include "tasks/task_json.h"

namespace tasklane {

boost::asio::awaitable<Result<std::string>> LongList::next() {
  if (!page_) co_return std::string();
  const auto tasks = co_await store_.list(user_, filter_, page_, trace_);
  if (!tasks) co_return std::unexpected(tasks.error());
  page_ = tasks->next;
  co_return write_tasks(*tasks, user_.value(), false);
}

}  // namespace tasklane
