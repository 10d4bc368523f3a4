#include "cli/connection_inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>

#include "base/limits.h"
#include "base/log.h"
#include "postgres/connection_pool.h"
#include "store/statements.h"

namespace tasklane {

namespace {

using Measured = std::expected<ConnectionTimes, Connector::Failure>;

// Keys are looked up, the batch fails, is rolled back, and its statements run again.
constexpr int kRoundTripsOfRequestMax = 4;

boost::asio::awaitable<void> measure(ConnectionPool& pool, Measured& measured) {
  const auto began = Clock::now();
  pool.start();
  co_await pool.tried();
  if (const auto* attempt = pool.attempt()) {
    measured = std::unexpected(attempt->failure.value_or(
        Connector::Failure{ConnectFailure::connection_failed, "could not keep a connection"}));
    co_return;
  }
  const auto connected = Clock::now();
  std::array<Clock::duration, 5> round_trips{};
  for (auto& round_trip : round_trips) {
    const auto asked = Clock::now();
    if (!co_await pool.run(statements::kPing, limits::kRequestDeadline)) {
      measured = std::unexpected(Connector::Failure{ConnectFailure::timed_out, "could not get an answer"});
      co_return;
    }
    round_trip = Clock::now() - asked;
  }
  std::ranges::sort(round_trips);
  measured = ConnectionTimes{.connect = connected - began, .round_trip = round_trips[round_trips.size() / 2]};
}

std::string text_of(std::chrono::duration<double, std::milli> time) {
  return fmt::format("{:.{}f} ms", time.count(), time.count() < 10 ? 1 : 0);
}

std::int64_t seconds_of(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

// Runs the work to its end with one connection such as a worker's.
void run_with_pool(const std::string& url,
                   const std::function<boost::asio::awaitable<void>(ConnectionPool& pool)>& work) {
  // The command says in its own words what a worker would log.
  log::set_up("tasklane", LogLevel::error, LogFormat::automatic);
  boost::asio::io_context loop(1);
  const auto metrics = std::make_unique<WorkerMetrics>();
  ConnectionPool pool(loop, url, 1, statements::kAll, *metrics);
  boost::asio::co_spawn(loop, work(pool), [&loop](const std::exception_ptr& error) {
    loop.stop();
    if (error) std::rethrow_exception(error);
  });
  loop.run();
}

}  // namespace

Measured time_connection(const std::string& url) {
  Measured measured;
  run_with_pool(url, [&measured](ConnectionPool& pool) { return measure(pool, measured); });
  return measured;
}

Result<ReadKeys> read_database_keys(const std::string& url, const KeyOrigin& origin) {
  Result<ReadKeys> keys;
  run_with_pool(url, [&](ConnectionPool& pool) -> boost::asio::awaitable<void> {
    keys = co_await read_public_keys(pool, origin);
  });
  return keys;
}

std::vector<Finding> judge(const Result<ReadKeys>& keys) {
  using Level = Finding::Level;
  if (!keys) {
    const Error& error = keys.error();
    return {
        {Level::bad, "the public keys cannot be read: " + (error.why.empty() ? error.detail : error.why)}};
  }
  if (keys->keys.size() == 0 && !keys->skipped.empty()) {
    return {{Level::bad, fmt::format("none of the {} public keys in the database can be used: {}",
                                     keys->skipped.size(), keys->skipped.front())}};
  }
  std::vector<Finding> findings = {
      {Level::good, keys->keys.size() == 0
                        ? "there is no public key yet: Better Auth makes one with its first token"
                        : fmt::format("public keys in the database: {}", keys->keys.size())}};
  for (const auto& why : keys->skipped)
    findings.push_back({Level::warning, "a public key in the database cannot be used: " + why});
  return findings;
}

std::vector<Finding> judge(const ConnectionTimes& times) {
  using Level = Finding::Level;
  std::vector<Finding> findings = {
      {Level::good, fmt::format("connecting takes {}, a round trip {}", text_of(times.connect),
                                text_of(times.round_trip))}};
  if (times.connect + times.round_trip > limits::kRequestDeadline) {
    findings.push_back(
        {Level::warning,
         fmt::format("a request that has to wait for a new connection is answered 503: connecting takes"
                     " longer than the {} s that a request has",
                     seconds_of(limits::kRequestDeadline))});
  }
  if (limits::kStatementTimeout + kRoundTripsOfRequestMax * times.round_trip > limits::kRequestDeadline) {
    findings.push_back(
        {Level::warning,
         fmt::format("the database is too far away for the {} s that a request has: beside a statement of"
                     " up to {} s there is no room for the {} round trips that it may need",
                     seconds_of(limits::kRequestDeadline), seconds_of(limits::kStatementTimeout),
                     kRoundTripsOfRequestMax)});
  }
  return findings;
}

}  // namespace tasklane
