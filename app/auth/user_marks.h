#pragma once
// What a worker knows of blocked, signed out and deleted users (sql/0021_user_marks.sql), so that a token
// that is still valid can be refused. docs/adr/0019-user-marks.md
//
// There is no timer. Knowledge older than limits::kMarksAgeMax is renewed before a request counts by it, and
// so at most once in that time: a request that comes that long after a block was committed is refused. What
// is known grows by what has changed. Belongs to one event loop; outlives every call that is under way.

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/jwt.h"
#include "base/awaitable.h"
#include "base/limits.h"
#include "base/result.h"

namespace tasklane {

class Event;

struct UserMark {
  std::string user;
  bool blocked = false;
  bool deleted = false;
  double signed_out_at = VerifiedToken::kNotSaid;  // Unix time
  std::int64_t change = 0;
};

// Where marks come from.
class MarkSource {
 public:
  virtual ~MarkSource() = default;
  // Some of the marks that have changed since, in the order of their changes; none: these were all.
  virtual boost::asio::awaitable<Result<std::vector<UserMark>>> changed_since(std::int64_t change) = 0;
};

class UserMarks {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Standing { good, signed_out, blocked, deleted };

  // `source` may be null: there are no marks.
  explicit UserMarks(std::unique_ptr<MarkSource> source, std::size_t deleted_max = limits::kDeletedUsersMax);
  ~UserMarks();

  // Whether what is known is new enough for a request of that time.
  bool known_at(Time time) const { return !source_ || time < asked_at_ + limits::kMarksAgeMax; }

  // Begins a look, unless one is under way. It shares the flush of this turn's statements.
  void look(boost::asio::any_io_executor executor);

  // Waits until they are. service_unavailable when they could not be read, or not within
  // limits::kMarksPatience.
  boost::asio::awaitable<Result<void>> know_at(Time time);

  Standing standing(const VerifiedToken& token) const {
    return marks_.empty() ? Standing::good : look_up(token);
  }

  std::size_t size() const { return marks_.size(); }

 private:
  struct Mark {
    bool blocked;
    bool deleted;
    double signed_out_at;
  };

  Standing look_up(const VerifiedToken& token) const;
  std::uint64_t hash(const std::string& user) const;
  boost::asio::awaitable<void> read();
  void take(const UserMark& mark);

  std::unique_ptr<MarkSource> source_;
  std::size_t deleted_max_;
  std::array<unsigned char, 16> key_;
  // By a keyed hash of 64 bits: two users with one hash do not happen.
  std::unordered_map<std::uint64_t, Mark> marks_;
  std::deque<std::uint64_t> deleted_;  // the oldest first; those past deleted_max_ are forgotten
  std::int64_t change_ = 0;            // the last one that is known
  Time asked_at_ = Time::min();        // when the last look that worked began
  std::shared_ptr<Event> looking_;     // set when the look under way has ended; null: there is none
  std::optional<Error> error_;         // of the last look
};

}  // namespace tasklane
