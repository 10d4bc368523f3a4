#pragma once
// From an Authorization header to a UserId: cache, verification, and at most one look for new keys. Most
// tokens are known: recognise() tells their users at once, and authenticate() is for what it does not know.
// A bad token costs no database work: only an unknown key under a listed algorithm looks again, at most once
// per limits::kKeyRefreshIntervalMin, whoever asks. While a look is under way others that need it wait for
// that one. Belongs to one event loop; outlives every call that is under way.

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "auth/jwt.h"
#include "auth/key_source.h"
#include "auth/token_cache.h"
#include "base/metrics.h"

namespace tasklane {

class Authenticator {
 public:
  // `source` may be null: the secret alone. `now` is Unix time, replaceable in tests.
  Authenticator(std::string secret, std::unique_ptr<KeySource> source, TokenRules rules,
                std::size_t cache_entries, WorkerMetrics& metrics, std::function<UnixTime()> now);
  ~Authenticator();

  // The user of a token that was verified lately.
  std::optional<UserId> recognise(std::string_view authorization);

  // authentication_error with a sentence when there is no header, no Bearer scheme (RFC 6750 section 2.1) or
  // no valid token; service_unavailable when the keys it needs could not be read and none is known.
  // `authorization` must live until the answer.
  boost::asio::awaitable<Result<UserId>> authenticate(std::string_view authorization);

  // Reads the keys now. Called at start and then at least every limits::kKeyRefreshIntervalMax.
  // service_unavailable when the source failed; the keys known so far stay in force.
  boost::asio::awaitable<Result<void>> refresh();

 private:
  class Load;

  std::expected<UserId, TokenFault> check(std::string_view token);
  boost::asio::awaitable<bool> look_again();
  boost::asio::awaitable<void> load();
  void take(Result<KeySet> loaded);
  std::unexpected<Error> refuse(TokenFault fault);

  std::unique_ptr<KeySource> source_;
  TokenRules rules_;
  KeySet keys_;
  TokenCache cache_;
  WorkerMetrics& metrics_;
  std::function<UnixTime()> now_;
  std::shared_ptr<Load> loading_;    // the load under way, if any
  std::optional<Error> load_error_;  // of the last load
  std::optional<UnixTime> looked_at_;
};

}  // namespace tasklane
