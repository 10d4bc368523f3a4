#pragma once
// Brings one database connection up: host names, TCP, TLS, login, prepared statements. An attempt goes
// through all addresses of all hosts, beginning with the one that served last, and takes at most
// limits::kConnectTimeout (host names as long again); an address that is silent uses up half of what is left,
// so that a dead host does not keep us from a living one. What failed is in the log, once.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/awaitable.h"
#include "postgres/libpq_connection.h"
#include "postgres/observer.h"
#include "postgres/prepared_names.h"

namespace tasklane {

class Connector {
 public:
  // What the connections of a pool have in common.
  struct Setting {
    ConnectionKeywords keywords;
    std::span<const Statement* const> statements;  // prepared on every new connection
    PreparedNames& names;
  };

  Connector(boost::asio::io_context& loop, const Setting& setting, Observer& observer)
      : loop_(loop),
        setting_(setting),
        observer_(observer),
        timer_(loop),
        socket_(loop),
        look_up_timer_(loop) {}

  // A connection in pipeline mode that knows the statements; nullptr: not this time.
  boost::asio::awaitable<std::unique_ptr<LibpqConnection>> connect();

  // The server that served last is not the one that is wanted: begin with the next.
  void avoid() { ++first_; }

 private:
  boost::asio::awaitable<void> look_up();
  boost::asio::awaitable<std::unique_ptr<LibpqConnection>> connect_to(const ConnectionKeywords& address,
                                                                      std::chrono::nanoseconds within);
  boost::asio::awaitable<bool> log_in(LibpqConnection& connection);
  boost::asio::awaitable<bool> prepare_statements(LibpqConnection& connection);
  boost::asio::awaitable<bool> wait_for(LibpqConnection& connection, LibpqConnection::Progress progress);
  void limit_time(std::chrono::nanoseconds within);

  boost::asio::io_context& loop_;
  const Setting& setting_;
  Observer& observer_;
  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor socket_;  // libpq's own descriptor, borrowed while waiting
  bool timed_out_ = false;
  int attempts_ = 0;  // tells a late timer from this attempt's

  std::vector<ConnectionKeywords> addresses_;
  std::size_t first_ = 0;                  // of them; counts on past their number
  std::vector<ConnectionKeywords> found_;  // by a look-up that has ended since
  bool looking_up_ = false;
  boost::asio::steady_timer look_up_timer_;
  std::string why_;   // this attempt has failed so far
  std::string told_;  // what the log already has of this outage
};

}  // namespace tasklane
