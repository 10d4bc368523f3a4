#include "auth/key_set.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "auth/jwk.h"
#include "auth/public_key.h"
#include "base/config.h"
#include "base/limits.h"

namespace tasklane {

namespace {

constexpr std::array<std::string_view, 7> kSpellings = {"HS256", "EdDSA", "ES256", "ES384",
                                                        "ES512", "RS256", "PS256"};

}  // namespace

std::string_view spelling(Algorithm algorithm) {
  return kSpellings[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> find_algorithm(std::string_view alg) {
  if (alg == "Ed25519") return Algorithm::EdDSA;
  const auto found = std::ranges::find(kSpellings, alg);
  if (found == kSpellings.end()) return std::nullopt;
  return static_cast<Algorithm>(found - kSpellings.begin());
}

Algorithm rsa_algorithm(const Config& config) {
  return find_algorithm(config.rsa_algorithm).value_or(Algorithm::RS256);
}

bool PublicKey::same(const PublicKey& other) const {
  if (algorithm_ != other.algorithm_ || kid_ != other.kid_) return false;
  if (algorithm_ == Algorithm::EdDSA) return ed25519() == other.ed25519();
  return EVP_PKEY_eq(openssl(), other.openssl()) == 1;
}

void KeySet::set_secrets(std::vector<std::string> secrets) {
  const auto too_short = [](const std::string& secret) { return secret.size() < limits::kSecretMinBytes; };
  if (std::ranges::any_of(secrets, too_short))
    throw std::invalid_argument("a secret is too short");  // the configuration has refused it already
  secrets_ = std::move(secrets);
}

std::expected<void, std::string> KeySet::add_jwk(std::string_view json, std::string_view kid,
                                                 std::string_view alg, Algorithm rsa_algorithm) {
  const auto jwk = parse_json(json);
  if (!jwk) return std::unexpected("it is not valid JSON");  // the parser's sentence may quote it
  return add(*jwk, {.kid = kid, .alg = alg, .rsa_algorithm = rsa_algorithm});
}

std::expected<KeySet::Loaded, std::string> KeySet::add_jwk_set(std::string_view json,
                                                               Algorithm rsa_algorithm) {
  const auto set = parse_json(json);
  if (!set) return std::unexpected("the key set is not valid JSON");
  const JsonValue* keys = set->find("keys");
  if (keys == nullptr || keys->array() == nullptr)
    return std::unexpected("the key set has no list named \"keys\"");
  Loaded loaded;
  std::size_t number = 0;
  for (const JsonValue& jwk : *keys->array()) {
    ++number;
    if (keys_.size() == limits::kKeySetKeysMax) {
      loaded.skipped.push_back(
          fmt::format("key {} and all behind it: only the first {} count", number, limits::kKeySetKeysMax));
      break;
    }
    if (const auto added = add(jwk, {.rsa_algorithm = rsa_algorithm})) {
      ++loaded.keys;
    } else {
      loaded.skipped.push_back(fmt::format("key {}: {}", number, added.error()));
    }
  }
  return loaded;
}

std::expected<void, std::string> KeySet::add(const JsonValue& jwk, const JwkDefaults& defaults) {
  if (keys_.size() == limits::kKeySetKeysMax)
    return std::unexpected(fmt::format("there are more than {} keys", limits::kKeySetKeysMax));
  auto key = read_jwk(jwk, defaults);
  if (!key) return std::unexpected(std::move(key.error()));
  keys_.push_back(std::move(*key));
  return {};
}

std::vector<std::shared_ptr<const PublicKey>> KeySet::find(Algorithm algorithm,
                                                           std::optional<std::string_view> kid) const {
  std::vector<std::shared_ptr<const PublicKey>> found;
  for (const auto& key : keys_) {
    if (key->algorithm() != algorithm || (kid && key->kid() != *kid)) continue;
    if (found.size() == limits::kKeysTriedMax) return {};
    found.push_back(key);
  }
  return found;
}

bool KeySet::same_keys(const KeySet& other) const {
  const auto all_in = [](const auto& some, const auto& others) {
    return std::ranges::all_of(some, [&](const auto& one) {
      return std::ranges::any_of(others, [&](const auto& another) { return one->same(*another); });
    });
  };
  return secrets_ == other.secrets_ && all_in(keys_, other.keys_) && all_in(other.keys_, keys_);
}

}  // namespace tasklane
