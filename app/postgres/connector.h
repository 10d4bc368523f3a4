#pragma once
// Brings one database connection up: host names, TCP, TLS, login, prepared statements. One attempt takes at
// most limits::kConnectTimeout; what failed is in the log. Keeps nothing of a connection once it is up.

#include <utility>  // Boost 1.74's awaitable.hpp needs it first

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <span>

#include "base/metrics.h"
#include "postgres/libpq_connection.h"

namespace tasklane {

class Connector {
 public:
  // What the connections of a pool have in common.
  struct Setting {
    ConnectionKeywords keywords;
    std::span<const Statement* const> statements;  // prepared on every new connection
  };

  Connector(boost::asio::io_context& loop, const Setting& setting, WorkerMetrics& metrics)
      : setting_(setting), metrics_(metrics), timer_(loop), socket_(loop) {}

  // A connection in pipeline mode that knows the statements; nullptr: not this time.
  boost::asio::awaitable<std::unique_ptr<LibpqConnection>> connect();

 private:
  boost::asio::awaitable<bool> log_in(LibpqConnection& connection);
  boost::asio::awaitable<bool> prepare_statements(LibpqConnection& connection);
  boost::asio::awaitable<bool> wait_for(LibpqConnection& connection, LibpqConnection::Progress progress);
  void limit_time();

  const Setting& setting_;
  WorkerMetrics& metrics_;
  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor socket_;  // libpq's own descriptor, borrowed while waiting
  bool timed_out_ = false;
  int attempts_ = 0;  // tells a late timer from this attempt's
};

}  // namespace tasklane
