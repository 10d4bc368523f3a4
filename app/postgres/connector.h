#pragma once
// Brings one database connection up: host names, TCP, TLS, login, prepared statements. An attempt goes
// through all addresses of all hosts, beginning with the one that served last. Each address gets the whole
// connect_timeout of the URL, as in libpq (limits::kConnectTimeout when it has none), and so does the look-up
// of the names. What failed is in the log, once.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/awaitable.h"
#include "base/database_state.h"
#include "postgres/job.h"
#include "postgres/libpq_connection.h"
#include "postgres/observer.h"
#include "postgres/prepared_names.h"

namespace tasklane {

// How long one address may take, by libpq's rules: whole seconds, 2 at least; 0 and less stand for no limit,
// which here is limits::kConnectTimeoutMax. Throws std::invalid_argument when it is no number.
std::chrono::seconds connect_timeout(const ConnectionKeywords& keywords);

class Connector {
 public:
  // What the connections of a pool have in common.
  struct Setting {
    ConnectionKeywords keywords;
    std::span<const Statement* const> statements;  // prepared on every new connection
    PreparedNames& names;
  };

  struct Failure {
    ConnectFailure reason;
    std::string why;       // in words for operators: hosts and roles may stand in it
    bool lasting = false;  // a server was reached and refused what will not come by itself: a password, a
                           // database, a right, a table
  };

  struct Attempt {
    bool under_way = false;
    Clock::time_point since{};            // it began; or the last one has ended
    std::optional<Failure> failure = {};  // of the last one that has ended
  };

  // Throws as connect_timeout() does.
  Connector(boost::asio::io_context& loop, const Setting& setting, Observer& observer);

  // A connection in pipeline mode that knows the statements; nullptr: not this time.
  boost::asio::awaitable<std::unique_ptr<LibpqConnection>> connect();

  const Attempt& attempt() const { return attempt_; }

  // The server that served last is not the one that is wanted: begin with the next.
  void avoid() { ++first_; }

 private:
  boost::asio::awaitable<void> look_up();
  Failure without_address() const;
  boost::asio::awaitable<std::expected<std::unique_ptr<LibpqConnection>, Failure>> connect_to(
      const ConnectionKeywords& address);
  boost::asio::awaitable<bool> log_in(LibpqConnection& connection);
  boost::asio::awaitable<bool> prepare_statements(LibpqConnection& connection);
  boost::asio::awaitable<bool> wait_for(LibpqConnection& connection, LibpqConnection::Progress progress);
  void limit_time();

  boost::asio::io_context& loop_;
  const Setting& setting_;
  const std::chrono::seconds timeout_;
  Observer& observer_;
  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor socket_;  // libpq's own descriptor, borrowed while waiting
  bool timed_out_ = false;
  int tries_ = 0;  // of an address: tells a late timer from this one's

  std::vector<ConnectionKeywords> addresses_;
  std::size_t first_ = 0;                  // of them; counts on past their number
  std::vector<ConnectionKeywords> found_;  // by a look-up that has ended since
  bool looking_up_ = false;
  boost::asio::steady_timer look_up_timer_;
  Attempt attempt_;
  std::optional<Failure> statement_failure_;  // why this address' server does not prepare a statement
};

}  // namespace tasklane
