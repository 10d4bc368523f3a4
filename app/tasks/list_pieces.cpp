#include "tasks/list_pieces.h"

#include <algorithm>

#include "base/limits.h"
#include "tasks/task_json.h"

namespace tasklane {

// The rows before the first one that is cut.
std::string ListPieces::begin() {
  written_ = tasks_.cut.empty() ? tasks_.rows.size() : tasks_.cut.front();
  return write(std::span(tasks_.rows).first(written_));
}

boost::asio::awaitable<Result<std::string>> ListPieces::next() {
  std::string piece;
  while (piece.empty() && !ended_) {
    if (written_ == tasks_.rows.size()) {
      if (auto read = co_await read_slice(); !read) co_return std::unexpected(std::move(read.error()));
    }
    const auto cut = std::span(tasks_.cut).subspan(cut_written_);
    const auto at_once = cut.first(std::min(cut.size(), limits::kDescriptionsAtOnceMax));
    const std::size_t end = at_once.size() < cut.size() ? at_once.back() + 1 : tasks_.rows.size();
    Tasks whole;
    if (!at_once.empty()) {
      std::vector<TaskId> ids;
      for (const std::size_t row : at_once) ids.push_back(tasks_.rows[row].id);
      auto read = co_await store_.get_some(user_, ids, trace_);
      if (!read) co_return std::unexpected(std::move(read.error()));
      whole = std::move(*read);
    }
    std::vector<Task> rows;
    for (; written_ < end; ++written_) {
      if (cut_written_ == tasks_.cut.size() || tasks_.cut[cut_written_] != written_) {
        rows.push_back(tasks_.rows[written_]);
        continue;
      }
      ++cut_written_;
      const auto found = std::ranges::find(whole.rows, tasks_.rows[written_].id, &Task::id);
      if (found != whole.rows.end()) rows.push_back(*found);  // or else it was deleted meanwhile
    }
    piece = write(rows);
  }
  co_return piece;
}

boost::asio::awaitable<Result<void>> ListPieces::read_slice() {
  slice_.behind = place_of_task(tasks_.rows.back(), slice_.order.key);
  auto tasks = co_await store_.list_slice(user_, slice_, trace_);
  if (!tasks) co_return std::unexpected(std::move(tasks.error()));
  tasks_ = std::move(*tasks);
  goes_on_ = tasks_.rows.size() == slice_.rows_max;
  written_ = cut_written_ = 0;
  co_return Result<void>();
}

std::string ListPieces::write(std::span<const Task> rows) {
  ended_ = written_ == tasks_.rows.size() && !goes_on_;
  const bool first = before_ == "[";
  std::string piece =
      write_rows(rows, user_.value(), rows.empty() && !first ? "" : before_, ended_ ? "]" : "");
  if (!rows.empty()) before_ = ",";
  if (first && rows.empty()) before_ = "";
  return piece;
}

}  // namespace tasklane
