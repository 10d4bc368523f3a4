#pragma once
// One public key and the one algorithm it may verify. Immutable. OpenSSL's type is only named here; its
// headers stay in the .cpp files.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/key_set.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace tasklane {

class PublicKey {
 public:
  // `key` is of the type, curve and size that `algorithm` needs: see jwk.cpp, the only maker.
  PublicKey(std::shared_ptr<evp_pkey_st> key, Algorithm algorithm, std::optional<std::string> kid)
      : key_(std::move(key)), algorithm_(algorithm), kid_(std::move(kid)) {}

  evp_pkey_st* key() const { return key_.get(); }
  Algorithm algorithm() const { return algorithm_; }
  const std::optional<std::string>& kid() const { return kid_; }

  // The same key for the same use under the same name.
  bool same(const PublicKey& other) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  Algorithm algorithm_;
  std::optional<std::string> kid_;
};

}  // namespace tasklane
