#include "postgres/connector.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "base/limits.h"
#include "postgres/host_resolver.h"
#include "postgres/job.h"
#include "postgres/sqlstate.h"

namespace tasklane {

namespace asio = boost::asio;
using Progress = LibpqConnection::Progress;

asio::awaitable<std::unique_ptr<LibpqConnection>> Connector::connect() {
  why_.clear();
  co_await look_up();
  if (addresses_.empty()) why_ = "the host name has no address";
  const auto until = Clock::now() + limits::kConnectTimeout;
  const std::size_t count = addresses_.size();
  for (std::size_t tried = 0; tried < count; ++tried, ++first_) {
    const auto left = until - Clock::now();
    if (left <= Clock::duration::zero()) break;
    auto connection = co_await connect_to(addresses_[first_ % count], tried + 1 < count ? left / 2 : left);
    if (!connection) continue;
    told_.clear();
    co_return connection;
  }
  if (why_ != told_) observer_.observe(CannotConnect{why_});
  told_ = why_;
  co_return nullptr;
}

// getaddrinfo cannot be interrupted: when it takes too long, the addresses known from before have to do.
asio::awaitable<void> Connector::look_up() {
  if (!looking_up_) {
    looking_up_ = true;
    asio::co_spawn(loop_, resolve_hosts(setting_.keywords),
                   [this](const std::exception_ptr& error, std::vector<ConnectionKeywords> found) {
                     if (error) std::rethrow_exception(error);
                     looking_up_ = false;
                     found_ = std::move(found);
                     look_up_timer_.cancel();
                   });
  }
  if (looking_up_) {
    boost::system::error_code ignored;
    look_up_timer_.expires_after(limits::kConnectTimeout);
    co_await look_up_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!found_.empty()) addresses_ = std::exchange(found_, {});
}

asio::awaitable<std::unique_ptr<LibpqConnection>> Connector::connect_to(const ConnectionKeywords& address,
                                                                        std::chrono::nanoseconds within) {
  limit_time(within);
  observer_.observe(ConnectionAttempted{});
  auto connection = std::make_unique<LibpqConnection>(address);
  bool connected = co_await log_in(*connection);
  if (connected) {
    connected = co_await prepare_statements(*connection);
    // Behind a lock on the table the server would go on waiting, one session more with each attempt.
    if (timed_out_) connection->cancel();
  }
  ++attempts_;
  timer_.cancel();
  if (connected && !timed_out_) co_return connection;
  why_ += (why_.empty() ? "" : "; ") + (timed_out_ ? "timed out" : connection->error());
  co_return nullptr;
}

void Connector::limit_time(std::chrono::nanoseconds within) {
  timed_out_ = false;
  timer_.expires_after(within);
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

// Unnamed, too: the statements are looked at, so that a schema that is not there yet is told by readiness.
asio::awaitable<bool> Connector::prepare_statements(LibpqConnection& connection) {
  const bool by_name = setting_.names.usable();
  for (const Statement* statement : setting_.statements) {
    if (!connection.prepare(*statement, by_name)) co_return false;
  }
  if (!connection.sync()) co_return false;
  Progress progress = connection.flush();
  while (progress == Progress::wants_write)
    progress = co_await wait_for(connection, progress) ? connection.flush() : Progress::failed;
  if (progress == Progress::failed) co_return false;

  bool prepared = true;
  bool again = false;
  while (true) {
    while (const auto reply = connection.next()) {
      if (reply->kind == Reply::Kind::sync) {
        if (again) co_return co_await prepare_statements(connection);
        co_return prepared;
      }
      if (reply->kind != Reply::Kind::error) continue;
      if (by_name && classify(reply->sqlstate) == SqlstateClass::unprepared) {
        if (setting_.names.give_up()) observer_.observe(NamesGivenUp{reply->sqlstate});
        again = true;
        continue;
      }
      observer_.observe(CannotPrepare{reply->sqlstate, reply->message});
      if (reply->sqlstate.empty() || reply->fatal) co_return false;
      prepared = false;
    }
    if (!co_await wait_for(connection, Progress::wants_read) || !connection.consume()) co_return false;
  }
}

}  // namespace tasklane
