#pragma once
// From an Authorization header to a user's token: cache, verification, and at most one look for new keys.
// Most tokens are known: recognise() tells of them at once, and authenticate() is for what it does not know.
//
// There is no timer. Keys older than limits::kKeyRefreshIntervalMax are looked up before a token counts by
// them, a remembered one too. A look that fails leaves the known keys in force, and is repeated at most once
// per limits::kKeyRefreshIntervalMin; so is the look for an unknown key that is in vain. A request that needs
// a look under way waits for it. A bad token costs no database work but for such a look, at most.
//
// Belongs to one event loop; outlives every call that is under way.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt.h"
#include "auth/key_source.h"
#include "auth/token_cache.h"
#include "base/metrics.h"

namespace tasklane {

class Event;

class Authenticator {
 public:
  // `source` may be null: the secrets alone. `now` is Unix time, replaceable in tests.
  Authenticator(std::vector<std::string> secrets, std::unique_ptr<KeySource> source, TokenRules rules,
                std::size_t cache_entries, WorkerMetrics& metrics, std::function<UnixTime()> now);
  ~Authenticator();

  // A token that was verified lately, by keys that still count.
  std::optional<VerifiedToken> recognise(std::string_view authorization);

  // authentication_error with a sentence when there is no header, no Bearer scheme (RFC 6750 section 2.1) or
  // no valid token; service_unavailable when the keys it needs could not be read, and its own is not known
  // or the attempt has taken longer than limits::kKeysInVainMax. `authorization` must live until the answer.
  boost::asio::awaitable<Result<VerifiedToken>> authenticate(std::string_view authorization);

  // What the last look at the keys has found, which is no older than limits::kKeyRefreshIntervalMin, or comes
  // by `until`. unreadable: those known stay in force, or the secret does. missing: no token can be verified.
  enum class KeyState { read, unreadable, missing };
  boost::asio::awaitable<KeyState> look_at_keys(std::chrono::steady_clock::time_point until);

  // Reads the keys now: at start, and when it is known that they have changed. service_unavailable when the
  // source failed; the keys known so far stay in force.
  boost::asio::awaitable<Result<void>> refresh();

  // Counts the fault; what a client is told of it.
  std::unexpected<Error> refuse(TokenFault fault);

 private:
  // none: the last one was too short a time ago. shared: it was under way already.
  enum class Look { none, shared, own };

  using Checked = std::expected<VerifiedToken, TokenFault>;

  Checked check(std::string_view token);
  bool needs_keys(std::string_view token, const Checked& checked) const;
  bool stale() const;
  bool recent(const std::optional<UnixTime>& time) const;
  boost::asio::awaitable<Look> look_again(bool unknown_key);
  boost::asio::awaitable<void> load();
  void take(Result<KeySet> loaded, UnixTime begun);
  void tell_difference(std::string_view token, TokenFault fault);

  std::unique_ptr<KeySource> source_;
  TokenRules rules_;
  KeySet keys_;
  TokenCache cache_;
  WorkerMetrics& metrics_;
  std::function<UnixTime()> now_;
  std::shared_ptr<Event> loading_;     // set when the load under way has ended; null: there is none
  std::optional<Error> load_error_;    // of the last load
  std::optional<UnixTime> loaded_at_;  // when the last one that worked began
  std::optional<UnixTime> failed_at_;  // when the last one that failed ended
  std::optional<UnixTime> looked_at_;  // for an unknown key, which it did not find
  std::optional<UnixTime> told_at_;    // the log, of a wrong issuer or audience
};

}  // namespace tasklane
