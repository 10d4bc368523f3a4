#include "tasks/content_hash.h"

#include <cstring>

namespace tasklane {

namespace {

class Hash {
 public:
  // One to one for each state: what differs once stays different until a later difference meets it by chance.
  void word(std::uint64_t value) {
    state_ = (state_ ^ value) * 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio: odd, no pattern
    state_ ^= state_ >> 32;
  }
  void word(std::int64_t value) { word(static_cast<std::uint64_t>(value)); }

  // With its length, so that no text continues another.
  void text(std::string_view text) {
    word(static_cast<std::uint64_t>(text.size()));
    std::uint64_t piece = 0;
    for (; text.size() >= sizeof piece; text.remove_prefix(sizeof piece)) {
      std::memcpy(&piece, text.data(), sizeof piece);
      word(piece);
    }
    if (text.empty()) return;
    piece = 0;
    std::memcpy(&piece, text.data(), text.size());
    word(piece);
  }

  std::uint64_t value() {
    word(std::uint64_t{0});
    return state_;
  }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace

std::uint64_t content_hash(const Tasks& tasks) {
  Hash hash;
  for (const Task& task : tasks.rows) {
    hash.word(task.id);
    hash.word(task.updated_at);
    hash.word(task.created_at);
    hash.word(std::uint64_t{task.completed} << 1 | std::uint64_t{task.description.has_value()});
    hash.text(task.title);
    if (task.description) hash.text(*task.description);
  }
  return hash.value();
}

std::uint64_t content_hash(const TaskStats& stats) {
  Hash hash;
  hash.word(stats.total);
  hash.word(stats.completed);
  hash.word(stats.state);
  return hash.value();
}

}  // namespace tasklane
