#pragma once
// Makes an HS256 token as a hand-made Better Auth front end would: for `tasklane token` and the tests.

#include <string>
#include <string_view>

#include "auth/jwt.h"

namespace tasklane {

struct TokenClaims {
  std::string subject;
  UnixTime issued_at;
  UnixTime expires_at;
  std::string issuer;    // empty: left out
  std::string audience;  // empty: left out
};

// Throws std::runtime_error only when OpenSSL fails.
std::string issue_token(const TokenClaims& claims, std::string_view secret);

}  // namespace tasklane
