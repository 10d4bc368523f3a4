#pragma once
// One public key and the one algorithm it may verify. Immutable. An Ed25519 key is libsodium's affair, every
// other one OpenSSL's, whose type is only named here: its headers stay in the .cpp files.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "auth/ed25519.h"
#include "auth/key_set.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace tasklane {

using KeyMaterial = std::variant<Ed25519Key, std::shared_ptr<evp_pkey_st>>;

class PublicKey {
 public:
  // `material` is of the type, curve and size that `algorithm` needs: see jwk.cpp, the only maker.
  PublicKey(KeyMaterial material, Algorithm algorithm, std::optional<std::string> kid)
      : material_(std::move(material)), algorithm_(algorithm), kid_(std::move(kid)) {}

  // Of an EdDSA key, and of any other.
  const Ed25519Key& ed25519() const { return std::get<Ed25519Key>(material_); }
  evp_pkey_st* openssl() const { return std::get<std::shared_ptr<evp_pkey_st>>(material_).get(); }
  Algorithm algorithm() const { return algorithm_; }
  const std::optional<std::string>& kid() const { return kid_; }

  // The same key for the same use under the same name.
  bool same(const PublicKey& other) const;

 private:
  KeyMaterial material_;
  Algorithm algorithm_;
  std::optional<std::string> kid_;
};

}  // namespace tasklane
