#include "auth/authenticator.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <exception>

#include "base/event.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

namespace tasklane {

namespace {

// How often one token may wait for keys: for a load that began before its key was there, and for its own
// look.
constexpr int kLooksMax = 2;

bool is_unknown(const std::expected<VerifiedToken, TokenFault>& checked) {
  return !checked && checked.error() == TokenFault::unknown_key;
}

constexpr UnixTime seconds(std::chrono::milliseconds time) {
  return std::chrono::ceil<std::chrono::seconds>(time).count();
}

// RFC 6750 section 2.1: "Bearer" 1*SP token. The scheme is case-insensitive (RFC 9110 section 11.1). White
// space around a field's value is no part of it (RFC 9110 section 5.5); nginx cuts off blanks, but no tabs.
std::expected<std::string_view, TokenFault> bearer_token(std::string_view authorization) {
  authorization = trim(authorization);
  if (authorization.empty()) return std::unexpected(TokenFault::no_header);
  const std::string_view scheme = authorization.substr(0, authorization.find(' '));
  if (!equal_ignoring_case(scheme, "bearer")) return std::unexpected(TokenFault::not_bearer);
  const std::string_view token = trim_front(authorization.substr(scheme.size()), ' ');
  if (token.empty()) return std::unexpected(TokenFault::empty_token);
  return token;
}

}  // namespace

Authenticator::Authenticator(std::vector<std::string> secrets, std::unique_ptr<KeySource> source,
                             TokenRules rules, std::size_t cache_entries, WorkerMetrics& metrics,
                             std::function<UnixTime()> now)
    : source_(std::move(source)),
      rules_(std::move(rules)),
      cache_(cache_entries),
      metrics_(metrics),
      now_(std::move(now)) {
  keys_.set_secrets(std::move(secrets));
}
Authenticator::~Authenticator() = default;

std::optional<VerifiedToken> Authenticator::recognise(std::string_view authorization) {
  const auto token = bearer_token(authorization);
  if (!token) return std::nullopt;
  const VerifiedToken* const known = cache_.find(*token, now_());
  if (known == nullptr || (known->by_public_key && stale())) return std::nullopt;
  add(metrics_.token_cache_hits);
  return *known;
}

boost::asio::awaitable<Result<VerifiedToken>> Authenticator::authenticate(std::string_view authorization) {
  const auto token = bearer_token(authorization);
  if (!token) co_return refuse(token.error());
  add(metrics_.token_cache_misses);

  const UnixTime begun = now_();
  auto checked = check(*token);
  for (int looks = 0; looks < kLooksMax && needs_keys(*token, checked); ++looks) {
    const bool unknown = is_unknown(checked);
    const Look look = co_await look_again(unknown);
    if (look == Look::none) break;
    checked = check(*token);
    if (unknown && !is_unknown(checked))
      looked_at_.reset();  // several keys may come at once, each with its look
    if (look == Look::own) break;
  }
  if (load_error_ && needs_keys(*token, checked)) {
    const bool late = now_() - begun > seconds(limits::kKeysInVainMax);
    if (late || is_unknown(checked)) co_return std::unexpected(*load_error_);
  }
  if (checked) co_return std::move(*checked);
  tell_difference(*token, checked.error());
  co_return refuse(checked.error());
}

boost::asio::awaitable<Authenticator::KeyState> Authenticator::look_at_keys(
    std::chrono::steady_clock::time_point until) {
  if (source_ && !loading_ && !recent(load_error_ ? failed_at_ : loaded_at_)) {
    const auto executor = co_await boost::asio::this_coro::executor;
    loading_ = std::make_shared<Event>(executor);
    boost::asio::co_spawn(executor, load(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
  }
  if (const auto loading = loading_) co_await loading->wait(until);
  if (!load_error_) co_return KeyState::read;
  co_return keys_.size() == 0 && !keys_.has_secret() ? KeyState::missing : KeyState::unreadable;
}

boost::asio::awaitable<Result<void>> Authenticator::refresh() {
  if (!source_) co_return Result<void>();
  if (const auto loading = loading_) {
    co_await loading->wait();
  } else {
    co_await load();
  }
  if (load_error_) co_return std::unexpected(*load_error_);
  co_return Result<void>();
}

Authenticator::Checked Authenticator::check(std::string_view token) {
  if (const VerifiedToken* const known = cache_.find(token, now_())) return *known;
  auto verified = TokenVerifier::verify(token, keys_, rules_, now_());
  if (!verified) return std::unexpected(verified.error());
  cache_.put(token, *verified);
  return verified;
}

// Whether newer keys could decide otherwise. Of a stale set that is so for a good signature (the key may have
// been withdrawn) and for a wrong one (another key may have its name by now).
bool Authenticator::needs_keys(std::string_view token, const Checked& checked) const {
  if (!source_) return false;
  if (checked || checked.error() == TokenFault::bad_signature)
    return stale() && TokenVerifier::by_public_key(token);
  return checked.error() == TokenFault::unknown_key;
}

// A clock that was set back makes keys stale.
bool Authenticator::stale() const {
  if (!source_) return false;
  const UnixTime now = now_();
  return !loaded_at_ || now < *loaded_at_ || now - *loaded_at_ >= seconds(limits::kKeyRefreshIntervalMax);
}

// Whole seconds: only a difference above the interval is surely no shorter. A clock set back is no reason to
// wait.
bool Authenticator::recent(const std::optional<UnixTime>& time) const {
  const UnixTime now = now_();
  return time && now >= *time && now - *time <= seconds(limits::kKeyRefreshIntervalMin);
}

// A look for stale keys is no look for an unknown key: a token signed with a brand-new key must not have to
// wait because keys were read a moment before.
boost::asio::awaitable<Authenticator::Look> Authenticator::look_again(bool unknown_key) {
  if (const auto loading = loading_) {
    co_await loading->wait();
    co_return Look::shared;
  }
  if ((unknown_key && recent(looked_at_)) || (stale() && recent(failed_at_))) co_return Look::none;
  if (unknown_key) looked_at_ = now_();
  co_await load();
  co_return Look::own;
}

boost::asio::awaitable<void> Authenticator::load() {
  if (!loading_) loading_ = std::make_shared<Event>(co_await boost::asio::this_coro::executor);
  const auto loading = loading_;
  const UnixTime begun = now_();
  try {
    take(co_await source_->load(), begun);
  } catch (...) {
    loading_.reset();
    loading->set();
    throw;
  }
  loading_.reset();
  loading->set();
}

void Authenticator::take(Result<KeySet> loaded, UnixTime begun) {
  if (!loaded) {
    const std::string& why = loaded.error().why.empty() ? loaded.error().detail : loaded.error().why;
    if (!load_error_ || load_error_->why != loaded.error().why)
      log::error("keys cannot be read; those known stay in force", {{"reason", why}, {"keys", keys_.size()}});
    failed_at_ = now_();
    load_error_ = std::move(loaded.error());
    return;
  }
  load_error_.reset();
  loaded_at_ = begun;
  loaded->set_secrets(keys_.secrets());
  if (keys_.same_keys(*loaded)) return;
  log::info("keys have changed", {{"keys", loaded->size()}});
  keys_ = std::move(*loaded);
  cache_.clear();
}

// Once in a while: a front end with the wrong name sends it with every request.
void Authenticator::tell_difference(std::string_view token, TokenFault fault) {
  const bool issuer = fault == TokenFault::wrong_issuer;
  const UnixTime now = now_();
  if (!issuer && fault != TokenFault::wrong_audience) return;
  if (told_at_ && now >= *told_at_ && now - *told_at_ < seconds(limits::kDifferenceToldInterval)) return;
  told_at_ = now;
  const std::string_view claim = issuer ? "iss" : "aud";
  const std::string named = TokenVerifier::parties(token, claim);
  log::warning(
      issuer ? "a token has another issuer than AUTH_ISSUER"
             : "a token has another audience than AUTH_AUDIENCE",
      {{claim, named.empty() ? "none" : named}, {"configured", issuer ? rules_.issuer : rules_.audience}});
}

std::unexpected<Error> Authenticator::refuse(TokenFault fault) {
  add(metrics_.authentication_failures[static_cast<std::size_t>(fault)]);
  return std::unexpected(Error{.type = ErrorType::authentication_error,
                               .detail = std::string(sentence(fault)),
                               .token_sent = fault > TokenFault::empty_token});
}

}  // namespace tasklane
