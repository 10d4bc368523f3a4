#include "tasks/content_hash.h"

#include <cstring>

namespace tasklane {

namespace {

__extension__ using Product = unsigned __int128;

// Multiplies and folds, as wyhash does (https://github.com/wangyi-fudan/wyhash, public domain): 16 bytes a
// step.
class Hash {
 public:
  void words(std::uint64_t first, std::uint64_t second) {
    const Product product = Product{first ^ state_} * (second ^ 0xa0761d6478bd642f);
    state_ ^= static_cast<std::uint64_t>(product) + static_cast<std::uint64_t>(product >> 64);
    state_ += 0xe7037ed1a0b428db;
  }

  // Its length is hashed by the caller, so that no text continues another. The last two pieces may overlap.
  void text(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    if (text.size() >= 16) {
      for (; end - at > 16; at += 16) words(load(at), load(at + 8));
      words(load(end - 16), load(end - 8));
    } else if (text.size() >= 8) {
      words(load(at), load(end - 8));
    } else if (!text.empty()) {
      std::uint64_t piece = 0;
      for (; at != end; ++at) piece = piece << 8 | static_cast<unsigned char>(*at);
      words(piece, 0);
    }
  }

  std::uint64_t value() const { return state_; }

 private:
  static std::uint64_t load(const char* bytes) {
    std::uint64_t piece = 0;
    std::memcpy(&piece, bytes, sizeof piece);
    return piece;
  }

  std::uint64_t state_ = 0x8ebc6af09c88c6e3;
};

}  // namespace

std::uint64_t content_hash(const Tasks& tasks) {
  Hash hash;
  for (const Task& task : tasks.rows) {
    const std::string_view description = task.description.value_or("");
    // A time of creation never changes.
    const std::uint64_t shape = task.title.size() << 18 | description.size() << 2 |
                                (task.completed ? 2U : 0U) | (task.description ? 1U : 0U);
    hash.words(static_cast<std::uint64_t>(task.id) ^ shape << 36,
               static_cast<std::uint64_t>(task.updated_at));
    hash.text(task.title);
    hash.text(description);
  }
  return hash.value();
}

std::uint64_t content_hash(const TaskStats& stats) {
  Hash hash;
  hash.words(static_cast<std::uint64_t>(stats.total), static_cast<std::uint64_t>(stats.completed));
  hash.words(stats.state, 0);
  return hash.value();
}

}  // namespace tasklane
