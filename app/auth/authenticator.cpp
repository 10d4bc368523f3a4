#include "auth/authenticator.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

namespace tasklane {

namespace {

// How often one token may wait for keys: for a load that began before its key was there, and for its own
// look.
constexpr int kLooksMax = 2;

// RFC 6750 section 2.1: "Bearer" 1*SP token. The scheme is case-insensitive (RFC 9110 section 11.1).
std::expected<std::string_view, TokenFault> bearer_token(std::string_view authorization) {
  if (authorization.empty()) return std::unexpected(TokenFault::no_header);
  const std::string_view scheme = authorization.substr(0, authorization.find(' '));
  if (!equal_ignoring_case(scheme, "bearer")) return std::unexpected(TokenFault::not_bearer);
  const std::string_view token = trim_front(authorization.substr(scheme.size()), ' ');
  if (token.empty()) return std::unexpected(TokenFault::empty_token);
  return token;
}

}  // namespace

// Something to wait for until the keys are there.
class Authenticator::Load {
 public:
  explicit Load(const boost::asio::any_io_executor& executor)
      : timer_(executor, boost::asio::steady_timer::time_point::max()) {}

  boost::asio::awaitable<void> done() {
    boost::system::error_code cancelled;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
  void finish() { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

Authenticator::Authenticator(std::string secret, std::unique_ptr<KeySource> source, TokenRules rules,
                             std::size_t cache_entries, WorkerMetrics& metrics, std::function<UnixTime()> now)
    : source_(std::move(source)),
      rules_(std::move(rules)),
      cache_(cache_entries),
      metrics_(metrics),
      now_(std::move(now)) {
  keys_.set_secret(std::move(secret));
}
Authenticator::~Authenticator() = default;

std::optional<UserId> Authenticator::recognise(std::string_view authorization) {
  const auto token = bearer_token(authorization);
  if (!token) return std::nullopt;
  auto user = cache_.find(*token, now_());
  if (user) add(metrics_.token_cache_hits);
  return user;
}

boost::asio::awaitable<Result<UserId>> Authenticator::authenticate(std::string_view authorization) {
  const auto token = bearer_token(authorization);
  if (!token) co_return refuse(token.error());
  add(metrics_.token_cache_misses);

  auto user = check(*token);
  for (int looks = 0; !user && user.error() == TokenFault::unknown_key && looks < kLooksMax; ++looks) {
    const bool looked = co_await look_again();
    if (!looked) break;
    user = check(*token);
  }
  if (user) co_return std::move(*user);
  if (user.error() == TokenFault::unknown_key && load_error_ && keys_.size() == 0)
    co_return std::unexpected(*load_error_);
  co_return refuse(user.error());
}

boost::asio::awaitable<Result<void>> Authenticator::refresh() {
  if (!source_) co_return Result<void>();
  if (const auto loading = loading_) {
    co_await loading->done();
  } else {
    co_await load();
  }
  if (load_error_) co_return std::unexpected(*load_error_);
  co_return Result<void>();
}

std::expected<UserId, TokenFault> Authenticator::check(std::string_view token) {
  auto verified = TokenVerifier::verify(token, keys_, rules_, now_());
  if (!verified) return std::unexpected(verified.error());
  cache_.put(token, *verified);
  return std::move(verified->user);
}

// False when there is nothing to look at or the last look was too short a time ago. The regular refresh()
// does not count: a token signed with a brand-new key must not have to wait because keys were read a moment
// before.
boost::asio::awaitable<bool> Authenticator::look_again() {
  if (!source_) co_return false;
  if (const auto loading = loading_) {
    co_await loading->done();
    co_return true;
  }
  constexpr auto kInterval = std::chrono::ceil<std::chrono::seconds>(limits::kKeyRefreshIntervalMin).count();
  const UnixTime now = now_();
  // Whole seconds: only a difference above the interval is surely no shorter. A clock set back is no reason
  // to wait.
  if (looked_at_ && now >= *looked_at_ && now - *looked_at_ <= kInterval) co_return false;
  looked_at_ = now;
  co_await load();
  co_return true;
}

boost::asio::awaitable<void> Authenticator::load() {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto loading = std::make_shared<Load>(executor);
  loading_ = loading;
  try {
    take(co_await source_->load());
  } catch (...) {
    loading_.reset();
    loading->finish();
    throw;
  }
  loading_.reset();
  loading->finish();
}

void Authenticator::take(Result<KeySet> loaded) {
  if (!loaded) {
    log::warning("keys cannot be read; those known stay in force",
                 {{"reason", loaded.error().detail}, {"keys", keys_.size()}});
    load_error_ = std::move(loaded.error());
    return;
  }
  load_error_.reset();
  loaded->set_secret(std::string(keys_.secret()));
  if (keys_.same_keys(*loaded)) return;
  log::info("keys have changed", {{"keys", loaded->size()}});
  keys_ = std::move(*loaded);
  cache_.clear();
}

std::unexpected<Error> Authenticator::refuse(TokenFault fault) {
  add(metrics_.authentication_failures[static_cast<std::size_t>(fault)]);
  return std::unexpected(Error{.type = ErrorType::authentication_error,
                               .detail = std::string(sentence(fault)),
                               .token_sent = fault > TokenFault::empty_token});
}

}  // namespace tasklane
