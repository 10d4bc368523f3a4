#include "store/key_sweep.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "base/log.h"
#include "store/statements.h"

namespace tasklane {

namespace asio = boost::asio;

asio::awaitable<void> KeySweep::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> pause(interval_.count() / 2, interval_.count() * 3 / 2);
  std::uint64_t statements = 0;
  while (true) {
    timer.expires_after(std::chrono::milliseconds(pause(random)));
    co_await timer.async_wait(asio::use_awaitable);
    if (read(metrics_.database_statements) == statements) continue;
    if (const auto removed = co_await sweep(); !removed)
      log::warning("cannot remove expired idempotency keys", {{"why", removed.error().detail}});
    statements = read(metrics_.database_statements);
  }
}

asio::awaitable<Result<std::int64_t>> KeySweep::sweep() {
  std::int64_t removed = 0;
  while (true) {
    const auto rows = co_await pool_.run(statements::kSweepKeys, limits::kStatementTimeout);
    if (!rows) co_return std::unexpected(rows.error());
    const std::int64_t some = rows->affected();
    removed += some;
    add(metrics_.idempotency_keys_removed, static_cast<std::uint64_t>(some));
    if (some < static_cast<std::int64_t>(limits::kKeySweepKeysMax)) co_return removed;
  }
}

}  // namespace tasklane
