// The worker's part that finds out, before it is ready, whether it can do its work.
#include "base/awaitable.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "base/limits.h"
#include "base/worker_words.h"
#include "store/statements.h"
#include "worker/worker.h"

namespace tasklane {

namespace asio = boost::asio;
using Lack = MasterChannel::Lack;

// Within kReadyTimeout in all.
asio::awaitable<Lack> Worker::try_everything() {
  static_assert(limits::kFirstAttemptTimeout + 2 * limits::kReadinessTimeout < limits::kReadyTimeout);
  Lack lack = co_await try_database(Clock::now() + limits::kFirstAttemptTimeout);
  if (lack.word.empty()) lack = co_await try_rights();
  if (lack.word.empty()) lack = co_await try_keys();
  co_return lack;
}

asio::awaitable<Lack> Worker::try_database(Clock::time_point until) {
  co_await pool_.tried(until);
  const auto* attempt = pool_.attempt();
  if (attempt == nullptr) co_return Lack{};
  if (!attempt->failure)
    co_return Lack{
        words::kUnreachable,
        fmt::format("the database has not answered within {} s",
                    std::chrono::duration_cast<std::chrono::seconds>(limits::kFirstAttemptTimeout).count())};
  co_return Lack{attempt->failure->lasting ? words::kUnfit : words::kUnreachable,
                 "the database: " + attempt->failure->why};
}

asio::awaitable<Lack> Worker::try_rights() {
  const auto rows = co_await pool_.run(statements::kMissingRights, limits::kReadinessTimeout);
  if (!rows) co_return refused_by_database("the database does not tell the role's rights");
  const auto missing = rows->text(0, place_of("missing", statements::kMissing)).value_or("");
  if (missing.empty()) co_return Lack{};
  co_return Lack{words::kUnfit,
                 fmt::format("the database's role has no right to {}: CALL tasklane_grant(…)", missing)};
}

// A request that needs a key waits for this look. It is not given up when it takes long.
asio::awaitable<Lack> Worker::try_keys() {
  if (key_file_ != nullptr) co_return Lack{};  // it has been read
  const auto tried = std::make_shared<Event>(loop_.get_executor());
  const auto outcome = std::make_shared<Result<void>>();
  asio::co_spawn(loop_, authenticator_.refresh(),
                 [tried, outcome](const std::exception_ptr& error, Result<void> keys) {
                   if (error) std::rethrow_exception(error);
                   *outcome = std::move(keys);
                   tried->set();
                 });
  if (!co_await tried->wait(Clock::now() + limits::kReadinessTimeout))
    co_return Lack{words::kUnreachable, "the keys to verify tokens with do not come from the database"};
  if (*outcome) co_return Lack{};
  constexpr std::string_view kUnread = "the keys to verify tokens with cannot be read from the database";
  if (const std::string& why = outcome->error().why; !why.empty())
    co_return Lack{words::kUnfit, fmt::format("{}: {}", kUnread, why)};
  co_return refused_by_database(kUnread);
}

// Or by the way to it, when that is gone by now.
Lack Worker::refused_by_database(std::string_view what) const {
  return {pool_.attempt() == nullptr ? words::kUnfit : words::kUnreachable,
          fmt::format("{}: the log says why", what)};
}

}  // namespace tasklane
