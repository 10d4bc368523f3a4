#include "postgres/connector.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/limits.h"
#include "base/log.h"
#include "postgres/host_resolver.h"

namespace tasklane {

namespace asio = boost::asio;
using Progress = LibpqConnection::Progress;

asio::awaitable<std::unique_ptr<LibpqConnection>> Connector::connect() {
  limit_time();
  std::unique_ptr<LibpqConnection> connection;
  bool connected = false;
  if (const auto keywords = co_await resolve_hosts(setting_.keywords); !keywords) {
    log::warning("the database's host name has no address");
  } else if (!timed_out_) {
    add(metrics_.database_connects);
    connection = std::make_unique<LibpqConnection>(*keywords);
    connected = co_await log_in(*connection) && co_await prepare_statements(*connection);
    if (!connected)
      log::warning("cannot connect to the database",
                   {{"error", timed_out_ ? "timed out" : connection->error()}});
  }
  ++attempts_;
  timer_.cancel();
  if (!connected || timed_out_) connection.reset();
  co_return connection;
}

void Connector::limit_time() {
  timed_out_ = false;
  timer_.expires_after(limits::kConnectTimeout);
  timer_.async_wait([this, attempt = attempts_](const boost::system::error_code& error) {
    if (error || attempt != attempts_) return;
    timed_out_ = true;
    if (socket_.is_open()) socket_.cancel();
  });
}

asio::awaitable<bool> Connector::log_in(LibpqConnection& connection) {
  // libpq: begin as if the last PQconnectPoll had asked to write.
  Progress progress = Progress::wants_write;
  while (progress != Progress::done && progress != Progress::failed)
    progress = co_await wait_for(connection, progress) ? connection.connect() : Progress::failed;
  co_return progress == Progress::done;
}

// Whether the socket became ready before the time to connect was over.
asio::awaitable<bool> Connector::wait_for(LibpqConnection& connection, Progress progress) {
  if (connection.socket() < 0) co_return false;
  const auto wanted = progress == Progress::wants_read ? asio::posix::stream_descriptor::wait_read
                                                       : asio::posix::stream_descriptor::wait_write;
  boost::system::error_code error;
  socket_.assign(connection.socket());
  co_await socket_.async_wait(wanted, asio::redirect_error(asio::use_awaitable, error));
  socket_.release();
  co_return !error && !timed_out_;
}

asio::awaitable<bool> Connector::prepare_statements(LibpqConnection& connection) {
  for (const Statement* statement : setting_.statements) {
    if (!connection.prepare(*statement)) co_return false;
  }
  if (!connection.sync()) co_return false;
  Progress progress = connection.flush();
  while (progress == Progress::wants_write)
    progress = co_await wait_for(connection, progress) ? connection.flush() : Progress::failed;
  if (progress == Progress::failed) co_return false;

  bool prepared = true;
  while (true) {
    while (const auto reply = connection.next()) {
      if (reply->kind == Reply::Kind::sync) co_return prepared;
      if (reply->kind != Reply::Kind::error) continue;
      log::error("cannot prepare a statement", {{"sqlstate", reply->sqlstate}, {"error", reply->message}});
      if (reply->sqlstate.empty() || reply->fatal) co_return false;
      prepared = false;
    }
    if (!co_await wait_for(connection, Progress::wants_read) || !connection.consume()) co_return false;
  }
}

}  // namespace tasklane
