#include "postgres/connector.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <stdexcept>

#include "base/limits.h"
#include "base/text.h"
#include "postgres/host_resolver.h"
#include "postgres/sqlstate.h"
#include "postgres/transaction.h"

namespace tasklane {

namespace asio = boost::asio;
using Progress = LibpqConnection::Progress;

std::chrono::seconds connect_timeout(const ConnectionKeywords& keywords) {
  const std::string given = value_of(keywords, "connect_timeout");
  if (given.empty()) return limits::kConnectTimeout;
  const auto seconds = parse_number<std::chrono::seconds::rep>(trim(given));
  if (!seconds) throw std::invalid_argument("its connect_timeout is not a number of seconds");
  if (*seconds <= 0) return limits::kConnectTimeoutMax;
  return std::clamp(std::chrono::seconds(*seconds), limits::kConnectTimeoutMin, limits::kConnectTimeoutMax);
}

namespace {

// Whether an error stays until an operator changes something: authentication (class 28), no such database or
// schema (3D, 3F), no such table, column or right (42).
bool lasts(std::string_view sqlstate) {
  const std::string_view kind = sqlstate.substr(0, 2);
  return kind == "28" || kind == "3D" || kind == "3F" || kind == "42";
}

// Partly by libpq's words (fe-connect.c): it has no codes for what it refuses itself.
Connector::Failure failure_of(LibpqConnection::Refusal refusal) {
  auto reason = ConnectFailure::connection_failed;
  if (refusal.why.contains("session is read-only") || refusal.why.contains("server is in hot standby mode")) {
    reason = ConnectFailure::read_only;
  } else if (!refusal.sqlstate.empty() || refusal.why.contains("FATAL:")) {
    reason = ConnectFailure::session_refused;
  }
  return {.reason = reason, .why = std::move(refusal.why), .lasting = lasts(refusal.sqlstate)};
}

// As libpq begins its errors.
std::string place_of(const ConnectionKeywords& address) {
  const std::string host = value_of(address, "host");
  const std::string ip = value_of(address, "hostaddr");
  const std::string port = value_of(address, "port");
  return fmt::format("connection to server at \"{}\"{}, port {} failed", host.empty() ? ip : host,
                     host.empty() || ip.empty() ? "" : fmt::format(" ({})", ip),
                     port.empty() ? "5432" : port);
}

}  // namespace

Connector::Connector(asio::io_context& loop, const Setting& setting, Observer& observer)
    : loop_(loop),
      setting_(setting),
      timeout_(connect_timeout(setting.keywords)),
      observer_(observer),
      timer_(loop),
      socket_(loop),
      look_up_timer_(loop) {}

asio::awaitable<std::unique_ptr<LibpqConnection>> Connector::connect() {
  attempt_.under_way = true;
  attempt_.since = Clock::now();
  co_await look_up();
  std::optional<Failure> failure;
  if (addresses_.empty()) failure = without_address();
  const std::size_t count = addresses_.size();
  for (std::size_t tried = 0; tried < count; ++tried, ++first_) {
    auto connected = co_await connect_to(addresses_[first_ % count]);
    if (connected) {
      attempt_ = {.since = Clock::now()};
      co_return *std::move(connected);
    }
    failure = failure ? Failure{.reason = std::max(failure->reason, connected.error().reason),
                                .why = failure->why + "; " + connected.error().why,
                                .lasting = failure->lasting && connected.error().lasting}
                      : std::move(connected.error());
  }
  if (!attempt_.failure || attempt_.failure->why != failure->why)
    observer_.observe(CannotConnect{failure->why});
  attempt_ = {.since = Clock::now(), .failure = std::move(failure)};
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
    look_up_timer_.expires_after(timeout_);
    co_await look_up_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!found_.empty()) addresses_ = std::exchange(found_, {});
}

Connector::Failure Connector::without_address() const {
  return {ConnectFailure::look_up_failed,
          looking_up_ ? fmt::format("could not look up the host name within {} s", timeout_.count())
                      : "could not find an address of the host name"};
}

asio::awaitable<std::expected<std::unique_ptr<LibpqConnection>, Connector::Failure>> Connector::connect_to(
    const ConnectionKeywords& address) {
  limit_time();
  observer_.observe(ConnectionAttempted{});
  statement_failure_.reset();
  auto connection = std::make_unique<LibpqConnection>(address);
  bool ready = co_await log_in(*connection);
  if (ready) {
    ready = co_await prepare_statements(*connection);
    // Behind a lock on the table the server would go on waiting, one session more with each attempt.
    if (timed_out_) connection->cancel();
  }
  ++tries_;
  timer_.cancel();
  if (timed_out_) {
    co_return std::unexpected(
        Failure{ConnectFailure::timed_out,
                fmt::format("{}: not ready within {} s", place_of(address), timeout_.count())});
  }
  if (ready) co_return std::move(connection);
  if (statement_failure_) co_return std::unexpected(*std::move(statement_failure_));
  co_return std::unexpected(failure_of(connection->refusal()));
}

void Connector::limit_time() {
  timed_out_ = false;
  timer_.expires_after(timeout_);
  timer_.async_wait([this, number = tries_](const boost::system::error_code& error) {
    if (error || number != tries_) return;
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
  const auto prepare = [&](const Statement* statement) { return connection.prepare(*statement, by_name); };
  const auto try_out = [&](const Statement* statement) {
    return !statement->tries_session || connection.execute(*statement, Parameters(), by_name);
  };
  const bool queued = prepare(&transaction::kBegin) && prepare(&transaction::kCommit) &&
                      std::ranges::all_of(setting_.statements, prepare) &&
                      std::ranges::all_of(setting_.statements, try_out) && connection.sync();
  if (!queued) co_return false;
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
      if (reply->sqlstate.empty() || reply->fatal) co_return false;
      statement_failure_ =
          Failure{.reason = ConnectFailure::unprepared,
                  .why = fmt::format("cannot prepare a statement: {} ({})", reply->message, reply->sqlstate),
                  .lasting = lasts(reply->sqlstate)};
      prepared = false;
    }
    if (!co_await wait_for(connection, Progress::wants_read) || !connection.consume()) co_return false;
  }
}

}  // namespace tasklane
