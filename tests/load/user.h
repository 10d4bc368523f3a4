#pragma once
// A user of the API that works all the time and keeps a ledger: GET, POST, PUT, PATCH and DELETE in random
// order, each title one of a kind. A write that was told to have failed (service_unavailable) has changed
// nothing; one without an answer, or outcome_unknown, may have. In the end the list must be what the ledger
// says.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "base/awaitable.h"
#include "connection.h"
#include "report.h"

namespace load {

class User {
 public:
  // `keys`: POST and PATCH carry an Idempotency-Key, and are repeated with it until their outcome is known.
  User(boost::asio::io_context& loop, const Server& server, const std::string& token, unsigned seed,
       bool keys, Report& report);

  // Requests at this pace until told to stop.
  boost::asio::awaitable<void> work(double seconds_between, const bool& stopping);
  // Compares the list with the ledger.
  boost::asio::awaitable<void> verify();

 private:
  enum class Outcome { done, failed, unknown };

  struct State {
    std::string title;
    bool completed = false;
    bool operator==(const State&) const = default;
  };
  // A task that was acknowledged. With a write of unknown outcome on it, it is left alone: it may be as it
  // was, or as that write makes it.
  struct Task {
    State now;
    std::optional<State> perhaps = {};
    bool perhaps_gone = false;

    bool doubtful() const { return perhaps || perhaps_gone; }
  };

  boost::asio::awaitable<Answer> ask(std::string_view method, const std::string& path,
                                     const std::string& body = {}, const std::string& key = {});
  boost::asio::awaitable<Outcome> write(std::string_view method, std::string path, std::string body,
                                        int success, Answer& answer);
  Outcome outcome(const Answer& answer, int success);
  boost::asio::awaitable<void> act();
  boost::asio::awaitable<void> create();
  boost::asio::awaitable<void> change(std::uint64_t id);
  boost::asio::awaitable<void> complete(std::uint64_t id);
  boost::asio::awaitable<void> remove(std::uint64_t id);
  boost::asio::awaitable<void> read(std::uint64_t id);
  void compare(std::uint64_t id, const State& found);
  std::string new_title();

  boost::asio::io_context& loop_;
  Connection connection_;
  std::string headers_;
  std::mt19937_64 random_;
  unsigned seed_;
  bool keys_;
  Report& report_;
  std::map<std::uint64_t, Task> tasks_;
  std::set<std::string> attempted_;  // titles whose creation has an unknown outcome
  std::uint64_t titles_ = 0;
};

}  // namespace load
