#include "auth/jwt.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "auth/base64url.h"
#include "auth/party.h"
#include "auth/signature.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"
#include "json/json_reader.h"

namespace tasklane {

namespace {

using MaybeFault = std::optional<TokenFault>;

// Unix time as "exp" may have it, cut to what fits: 2^53 is exact in a double and 285 million years away.
constexpr double kExpiryMaxSeconds = 9007199254740992.0;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signing_input;  // header "." payload
};

struct Header {
  Algorithm algorithm;
  std::optional<std::string> kid;
};

std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  if (first == token.npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  return Parts{.header = token.substr(0, first),
               .payload = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signing_input = token.substr(0, second)};
}

std::optional<JsonValue> decode_object(std::string_view part) {
  const auto text = decode_base64url(part);
  if (!text) return std::nullopt;
  auto value = parse_json(*text);
  if (!value || value->object() == nullptr) return std::nullopt;
  return std::move(*value);
}

// The member's text; nullptr when it is not there or no string.
const std::string* text_member(const JsonValue& object, std::string_view name) {
  const JsonValue* member = object.find(name);
  return member != nullptr ? member->string() : nullptr;
}

// A type's name has no case, and its "application/" may be left out (RFC 7515
// section 4.1.9, RFC 9068 section 4).
bool is_api_token(const JsonValue& typ) {
  const std::string* text = typ.string();
  if (text == nullptr) return false;
  constexpr std::string_view kTree = "application/";
  std::string_view name = *text;
  if (equal_ignoring_case(name.substr(0, kTree.size()), kTree)) name.remove_prefix(kTree.size());
  return equal_ignoring_case(name, "jwt") || equal_ignoring_case(name, "at+jwt");
}

std::expected<Header, TokenFault> read_header(std::string_view part, bool has_secret) {
  const auto header = decode_object(part);
  if (!header) return std::unexpected(TokenFault::malformed);
  if (header->find("crit") != nullptr || header->find("b64") != nullptr)
    return std::unexpected(TokenFault::critical_header);
  const JsonValue* typ = header->find("typ");
  if (typ != nullptr && !is_api_token(*typ)) return std::unexpected(TokenFault::wrong_type);
  const std::string* alg = text_member(*header, "alg");
  if (alg == nullptr) return std::unexpected(TokenFault::malformed);
  const auto algorithm = find_algorithm(*alg);
  if (!algorithm || (*algorithm == Algorithm::HS256 && !has_secret))
    return std::unexpected(TokenFault::unlisted_algorithm);
  Header result{.algorithm = *algorithm, .kid = std::nullopt};
  if (const JsonValue* kid = header->find("kid")) {
    if (kid->string() == nullptr) return std::unexpected(TokenFault::malformed);
    result.kid = *kid->string();
  }
  return result;
}

MaybeFault check_signature(const Parts& parts, const Header& header, const KeySet& keys) {
  const auto signature = decode_base64url(parts.signature);
  if (!signature) return TokenFault::malformed;
  if (header.algorithm == Algorithm::HS256) {
    // A secret has no name: a kid means nothing here.
    const auto verifies = [&](const std::string& secret) {
      return verify_hs256(secret, parts.signing_input, *signature);
    };
    if (std::ranges::any_of(keys.secrets(), verifies)) return std::nullopt;
    return TokenFault::bad_signature;
  }
  const auto candidates = keys.find(header.algorithm, header.kid);
  if (candidates.empty()) return TokenFault::unknown_key;
  const auto verifies = [&](const auto& key) {
    return verify_signature(*key, parts.signing_input, *signature);
  };
  if (std::ranges::any_of(candidates, verifies)) return std::nullopt;
  return TokenFault::bad_signature;
}

std::expected<std::string, TokenFault> read_subject(const JsonValue& claims) {
  const std::string* sub = text_member(claims, "sub");
  if (sub == nullptr) return std::unexpected(TokenFault::no_subject);
  const auto length = count_code_points(*sub);
  if (!length || *length == 0 || *length > limits::kUserIdMaxCodePoints)
    return std::unexpected(TokenFault::no_subject);
  return *sub;
}

// A time may have a fraction (RFC 7519 section 2). Returns "exp" rounded down.
std::expected<UnixTime, TokenFault> check_times(const JsonValue& claims, std::chrono::seconds leeway,
                                                UnixTime now) {
  const auto earliest = static_cast<double>(now - leeway.count());
  const auto latest = static_cast<double>(now + leeway.count());
  const JsonValue* exp = claims.find("exp");
  const auto expiry = exp != nullptr ? exp->number() : std::nullopt;
  if (!expiry) return std::unexpected(TokenFault::no_expiry);
  if (*expiry <= earliest) return std::unexpected(TokenFault::expired);
  for (const std::string_view name : {"nbf", "iat"}) {
    const JsonValue* claim = claims.find(name);
    if (claim == nullptr) continue;
    const auto time = claim->number();
    if (!time) return std::unexpected(TokenFault::malformed);
    if (*time > latest) return std::unexpected(TokenFault::not_yet_valid);
  }
  return static_cast<UnixTime>(std::floor(std::min(*expiry, kExpiryMaxSeconds)));
}

bool names(const JsonValue* audience, std::string_view wanted) {
  if (audience == nullptr) return false;
  const auto is_wanted = [&](const JsonValue& entry) {
    return entry.string() != nullptr && same_party(*entry.string(), wanted);
  };
  if (audience->string() != nullptr) return is_wanted(*audience);
  return audience->array() != nullptr && std::ranges::any_of(*audience->array(), is_wanted);
}

MaybeFault check_parties(const JsonValue& claims, const TokenRules& rules) {
  if (!rules.issuer.empty()) {
    const std::string* issuer = text_member(claims, "iss");
    if (issuer == nullptr || !same_party(*issuer, rules.issuer)) return TokenFault::wrong_issuer;
  }
  if (!rules.audience.empty() && !names(claims.find("aud"), rules.audience))
    return TokenFault::wrong_audience;
  return std::nullopt;
}

}  // namespace

std::string_view sentence(TokenFault fault) {
  switch (fault) {
    case TokenFault::no_header:
      return "Authorization header is missing";
    case TokenFault::not_bearer:
      return "Authorization header must be of the form: Bearer TOKEN";
    case TokenFault::empty_token:
      return "Authorization header has no token";
    case TokenFault::not_a_jwt:
      return "Token is not a JWT. If it is a Better Auth session token, exchange it: GET /api/auth/token "
             "gives the JWT";
    case TokenFault::malformed:
      return "Token is malformed";
    case TokenFault::critical_header:
      return "Token has a critical header that is not supported";
    case TokenFault::wrong_type:
      return "Token is not meant for an API: its typ is neither JWT nor at+jwt";
    case TokenFault::unlisted_algorithm:
      return "Token is signed with an algorithm that is not accepted";
    case TokenFault::unknown_key:
      return "Token is signed with an unknown key";
    case TokenFault::bad_signature:
      return "Token has a wrong signature";
    case TokenFault::no_subject:
      return "Token has no usable subject (sub)";
    case TokenFault::no_expiry:
      return "Token has no expiry (exp)";
    case TokenFault::expired:
      return "Token has expired";
    case TokenFault::not_yet_valid:
      return "Token is not valid yet";
    case TokenFault::wrong_issuer:
      return "Token has the wrong issuer (iss)";
    case TokenFault::wrong_audience:
      return "Token has the wrong audience (aud)";
    case TokenFault::signed_out:
      return "Token was issued before its user was signed out";
    case TokenFault::account_deleted:
      return "Token belongs to an account that was deleted";
  }
  return "Token is not accepted";
}

std::string_view spelling(TokenFault fault) {
  constexpr std::array<std::string_view, kTokenFaults> kSpellings = {
      "no_header",  "not_bearer",         "empty_token",  "not_a_jwt",      "malformed",  "critical_header",
      "wrong_type", "unlisted_algorithm", "unknown_key",  "bad_signature",  "no_subject", "no_expiry",
      "expired",    "not_yet_valid",      "wrong_issuer", "wrong_audience", "signed_out", "account_deleted"};
  return kSpellings[static_cast<std::size_t>(fault)];
}

// RFC 7519 section 7.2: what costs least first, the claims only once they are proven.
std::expected<VerifiedToken, TokenFault> TokenVerifier::verify(std::string_view token, const KeySet& keys,
                                                               const TokenRules& rules, UnixTime now) {
  if (token.size() > limits::kAuthorizationMaxBytes) return std::unexpected(TokenFault::malformed);
  const auto parts = split(token);
  if (!parts) return std::unexpected(TokenFault::not_a_jwt);
  const auto header = read_header(parts->header, keys.has_secret());
  if (!header) return std::unexpected(header.error());
  if (const auto fault = check_signature(*parts, *header, keys)) return std::unexpected(*fault);
  const auto claims = decode_object(parts->payload);
  if (!claims) return std::unexpected(TokenFault::malformed);
  auto subject = read_subject(*claims);
  if (!subject) return std::unexpected(subject.error());
  const auto expires_at = check_times(*claims, rules.leeway, now);
  if (!expires_at) return std::unexpected(expires_at.error());
  if (const auto fault = check_parties(*claims, rules)) return std::unexpected(*fault);
  const JsonValue* issued = claims->find("iat");
  return VerifiedToken{.user = UserId(std::move(*subject)),
                       .expires_at = *expires_at,
                       .by_public_key = header->algorithm != Algorithm::HS256,
                       .issued_at = issued != nullptr ? issued->number().value_or(VerifiedToken::kNotSaid)
                                                      : VerifiedToken::kNotSaid};
}

std::string TokenVerifier::parties(std::string_view token, std::string_view claim) {
  const auto parts = split(token);
  const auto claims = parts ? decode_object(parts->payload) : std::nullopt;
  const JsonValue* value = claims ? claims->find(claim) : nullptr;
  std::string all;
  const auto add = [&all](const JsonValue& name) {
    if (name.string() != nullptr) all += (all.empty() ? "" : ", ") + *name.string();
  };
  if (value == nullptr) return all;
  add(*value);
  if (value->array() != nullptr) std::ranges::for_each(*value->array(), add);
  return all;
}

bool TokenVerifier::by_public_key(std::string_view token) {
  const auto parts = split(token);
  const auto header = parts ? read_header(parts->header, true) : std::unexpected(TokenFault::not_a_jwt);
  return header && header->algorithm != Algorithm::HS256;
}

}  // namespace tasklane
