#pragma once
// Users for tests. A UserId comes from a verified token only, so each is made by signing one and verifying
// it.

#include <ctime>
#include <stdexcept>
#include <string>

#include "auth/jwt.h"
#include "auth/token_issuer.h"

namespace tasklane {

inline const std::string kTestSecret = "a secret for tests, of 32 bytes or more";

// Valid for an hour.
inline std::string token_of(const std::string& subject) {
  const UnixTime now = std::time(nullptr);
  return issue_token(
      {.subject = subject, .issued_at = now, .expires_at = now + 3600, .issuer = {}, .audience = {}},
      kTestSecret);
}

inline UserId user_named(const std::string& subject) {
  KeySet keys;
  keys.set_secrets({kTestSecret});
  const auto verified = TokenVerifier::verify(token_of(subject), keys, {}, std::time(nullptr));
  if (!verified) throw std::runtime_error("a test's own token is refused");
  return verified->user;
}

}  // namespace tasklane
