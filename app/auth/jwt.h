#pragma once
// Verification of a JSON Web Token (RFC 7519, 7515; EdDSA by RFC 8037; JWT best practice by RFC 8725) as a
// pure function of token, keys, rules and time. It reads no clock, no file and no network.
//
// The algorithm is bound to the key: a token's "alg" selects among the keys that were declared for exactly
// that algorithm and never decides how a key is used.

#include <chrono>
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <string_view>

#include "auth/key_set.h"
#include "auth/user_id.h"

namespace tasklane {

// Why there is no user. `unknown_key` alone may be cured by looking the keys up again. Also the index of
// WorkerMetrics::authentication_failures.
enum class TokenFault {
  no_header,           // no Authorization at all
  not_bearer,          // another scheme
  empty_token,         // "Bearer" and nothing behind it
  not_a_jwt,           // also Better Auth's opaque session token
  malformed,           // base64url, JSON, a member of the wrong type
  critical_header,     // "crit" or "b64"
  wrong_type,          // "typ" other than JWT and at+jwt
  unlisted_algorithm,  // "none" too, and HS256 when there is no secret
  unknown_key,         // no key of that kid and algorithm
  bad_signature,
  no_subject,  // "sub" absent, empty, too long, no string
  no_expiry,
  expired,
  not_yet_valid,  // "nbf" or "iat" in the future
  wrong_issuer,
  wrong_audience,
  signed_out,       // issued before its user was signed out: user_marks.h
  account_deleted,  // its user was: user_marks.h
};

// A sentence for the client, such as "Token has expired". Tells nothing about keys.
std::string_view sentence(TokenFault fault);

inline constexpr std::size_t kTokenFaults = 18;
std::string_view spelling(TokenFault fault);

struct TokenRules {
  std::string issuer;    // empty: not checked; compared as party.h says
  std::string audience;  // the same; "aud" may be a string or an array that holds it
  std::chrono::seconds leeway{30};
};

using UnixTime = std::int64_t;  // seconds

struct VerifiedToken {
  static constexpr double kNotSaid = -std::numeric_limits<double>::infinity();

  UserId user;
  UnixTime expires_at;          // the token's own "exp" (without leeway)
  bool by_public_key;           // and not by the secret
  double issued_at = kNotSaid;  // Unix time, "iat"
};

class TokenVerifier {
 public:
  static std::expected<VerifiedToken, TokenFault> verify(std::string_view token, const KeySet& keys,
                                                         const TokenRules& rules, UnixTime now);

  // The names in "iss" or "aud", with commas between them, whether or not the token is valid: for the log.
  static std::string parties(std::string_view token, std::string_view claim);

  // Whether public keys decide about this token: its header names one of their algorithms.
  static bool by_public_key(std::string_view token);
};

}  // namespace tasklane
