#pragma once
// What the tests of auth share: fixture files, hand-made tokens, and the clock the Better Auth samples need.

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "auth/base64url.h"
#include "auth/jwt.h"
#include "auth/signature.h"
#include "base/text.h"
#include "json/json_reader.h"

namespace tasklane {

inline std::ostream& boost_test_print_type(std::ostream& out, TokenFault fault) {
  return out << sentence(fault);
}

namespace fixtures {

// The samples' BETTER_AUTH_SECRET, and a time when every token of the jwt plugin among them is valid.
inline const std::string kSecret = "0123456789abcdef0123456789abcdef-test-only";
inline constexpr UnixTime kNow = 1795245300;

inline std::string read_file(const std::string& name) {
  std::ifstream file(std::string(TASKLANE_FIXTURES) + "/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("no fixture " + name);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

inline JsonValue read_json(const std::string& name) {
  auto value = parse_json(read_file(name));
  if (!value) throw std::runtime_error(name + ": " + value.error());
  return std::move(*value);
}

// The value at a path such as "body.keys.0".
inline const JsonValue& at(const JsonValue& value, std::string_view path) {
  const auto dot = path.find('.');
  const std::string step(path.substr(0, dot));
  const auto index = parse_number<std::size_t>(step);
  const JsonValue* next = value.array() != nullptr && index ? &value.array()->at(*index) : value.find(step);
  if (next == nullptr) throw std::runtime_error("no member " + step);
  return dot == path.npos ? *next : at(*next, path.substr(dot + 1));
}

inline std::string text_at(const JsonValue& value, std::string_view path) {
  return *at(value, path).string();
}

// JSON text of an object whose members are all strings, as JWKs are.
inline std::string to_text(const JsonValue& object) {
  std::string text = "{";
  for (const auto& [key, value] : *object.object()) {
    if (text.size() > 1) text += ',';
    text += '"' + key + "\":\"" + *value.string() + '"';
  }
  return text + '}';
}

inline std::string jwk_set_text(const JsonValue& set) {
  std::string text;
  for (const JsonValue& key : *set.find("keys")->array()) text += (text.empty() ? "" : ",") + to_text(key);
  return "{\"keys\":[" + text + "]}";
}

// A token with any header and claims, signed by the shared secret.
inline std::string forge(std::string_view header, std::string_view claims,
                         std::string_view secret = kSecret) {
  const std::string input = encode_base64url(header) + '.' + encode_base64url(claims);
  return input + '.' + encode_base64url(sign_hs256(secret, input));
}

inline KeySet secret_only() {
  KeySet keys;
  keys.set_secrets({kSecret});
  return keys;
}

// "" when the token is accepted, else the fault's sentence.
inline std::string verdict(std::string_view token, const KeySet& keys, const TokenRules& rules = {},
                           UnixTime now = kNow) {
  const auto verified = TokenVerifier::verify(token, keys, rules, now);
  return verified ? std::string() : std::string(sentence(verified.error()));
}

}  // namespace fixtures
}  // namespace tasklane
