#pragma once
// What the server does with the messages of a batch, for the random test of the flow: the protocol's rules
// for transactions, errors at random, and an account of what has been committed.

#include <array>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "postgres/batch.h"

namespace tasklane {

// Errors that say that the statement was rolled back, and some that do not.
inline constexpr std::array<const char*, 7> kProven = {"40001", "40P01", "23505", "57014",
                                                       "23514", "26000", "25006"};
inline constexpr std::array<const char*, 5> kUnproven = {"XX000", "08006", "40003", "58030", "57P01"};

class ServerModel {
  using Kind = Batch::Step::Kind;

 public:
  struct Message {
    Kind kind;
    std::string job = {};
    bool write = false;
    bool rollback = false;
  };

  explicit ServerModel(std::minstd_rand& random) : random_(random) {}

  // Carries out one message. What it answers goes to `replies`.
  void execute(const Message& message, std::deque<Reply>& replies) {
    if (message.rollback) {
      end(false);
      return replies.push_back({.kind = Reply::Kind::rows});
    }
    if (message.kind == Kind::sync) return sync(replies);
    if (skipping_) return replies.push_back({.kind = Reply::Kind::aborted});
    if (message.write) uncommitted_.push_back(message.job);
    if (fails(replies)) {
      if (message.kind == Kind::commit && coin()) end(!proven_ && coin());  // or it was not even understood
      return;
    }
    if (message.kind == Kind::begin) in_block_ = true;
    if (message.kind == Kind::commit) end(true);
    replies.push_back({.kind = Reply::Kind::rows});
  }

  void lose() {
    end(false);
    skipping_ = false;
  }

  std::map<std::string, int> commits;

 private:
  void end(bool commit) {
    for (const auto& job : std::exchange(uncommitted_, {})) commits[job] += commit ? 1 : 0;
    in_block_ = false;
  }

  void sync(std::deque<Reply>& replies) {
    if (!in_block_) {
      if (!skipping_ && !uncommitted_.empty()) fails(replies);
      end(!skipping_ || (!proven_ && coin()));
    }
    skipping_ = false;
    replies.push_back({.kind = Reply::Kind::sync, .in_block = in_block_});
  }

  // Behind an error that proves nothing a transaction may have been committed all the same.
  bool fails(std::deque<Reply>& replies) {
    if (random_() % 25 != 0) return false;
    proven_ = random_() % 3 != 0;
    const char* const state =
        proven_ ? kProven.at(random_() % kProven.size()) : kUnproven.at(random_() % kUnproven.size());
    replies.push_back({.kind = Reply::Kind::error, .sqlstate = state});
    return skipping_ = true;
  }

  bool coin() { return random_() % 2 == 0; }

  std::minstd_rand& random_;
  bool in_block_ = false;
  bool skipping_ = false;  // to the Sync
  bool proven_ = true;     // by the last error, that nothing has happened
  std::vector<std::string> uncommitted_;
};

}  // namespace tasklane
