#pragma once
// The keys that tokens may be signed with: the shared secret in its versions (HS256) and public keys (JWK,
// RFC 7517). Immutable once built; a change of keys is a new KeySet. Copies share the public keys.

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

struct Config;

enum class Algorithm { HS256, EdDSA, ES256, ES384, ES512, RS256, PS256 };  // RFC 7518 section 3.1, RFC 8037

std::string_view spelling(Algorithm algorithm);
// "Ed25519" (RFC 9864) is EdDSA. Empty: not on the list.
std::optional<Algorithm> find_algorithm(std::string_view alg);

Algorithm rsa_algorithm(const Config& config);  // of a key that names none

class JsonValue;
class PublicKey;  // a key and the algorithm it is bound to
struct JwkDefaults;

class KeySet {
 public:
  KeySet() = default;  // no key: every token has an unknown key

  // The secrets as raw bytes, as Better Auth uses them, the one that most tokens are signed with first.
  // Throws std::invalid_argument for one of less than limits::kSecretMinBytes.
  void set_secrets(std::vector<std::string> secrets);
  bool has_secret() const { return !secrets_.empty(); }
  const std::vector<std::string>& secrets() const { return secrets_; }

  // Adds one JWK (an object as JSON text). `kid` and `alg` come from the JWK itself unless given (Better
  // Auth's table has them in columns of their own). Without an alg: OKP/Ed25519 is EdDSA, EC goes by its
  // curve, RSA is `rsa_algorithm`. Fails with a sentence that names the fault and no key material: unknown
  // kty, crv or alg, a private or symmetric key, alg and key that do not fit, an RSA key below 2048 bits, a
  // point off its curve.
  std::expected<void, std::string> add_jwk(std::string_view json, std::string_view kid, std::string_view alg,
                                           Algorithm rsa_algorithm);

  // A whole JWK Set, {"keys": [...]}; unusable entries ("use": "enc", unknown types) are skipped and told.
  struct Loaded {
    std::size_t keys = 0;
    std::vector<std::string> skipped = {};
  };
  std::expected<Loaded, std::string> add_jwk_set(std::string_view json, Algorithm rsa_algorithm);

  // The keys a token with this header may have been signed with. Without a kid: all keys of the algorithm.
  // None when there are more than limits::kKeysTriedMax: which one to try would be a guess, and each costs a
  // check.
  std::vector<std::shared_ptr<const PublicKey>> find(Algorithm algorithm,
                                                     std::optional<std::string_view> kid) const;

  std::size_t size() const { return keys_.size(); }
  // Equal sets have the same keys under the same names: a re-read that changed nothing keeps the token cache.
  bool same_keys(const KeySet& other) const;

 private:
  std::expected<void, std::string> add(const JsonValue& jwk, const JwkDefaults& defaults);

  std::vector<std::string> secrets_;
  std::vector<std::shared_ptr<const PublicKey>> keys_;
};

// What a source has, and of each key that cannot be used why not, a sentence without key material.
struct ReadKeys {
  KeySet keys;
  std::vector<std::string> skipped = {};
};

}  // namespace tasklane
