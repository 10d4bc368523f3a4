#include "auth/ed25519.h"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

namespace tasklane {

static_assert(crypto_sign_PUBLICKEYBYTES == std::tuple_size_v<Ed25519Key>);

std::optional<Ed25519Key> read_ed25519_key(std::string_view bytes) {
  static const int started = sodium_init();
  if (started < 0) throw std::runtime_error("libsodium cannot start");
  Ed25519Key key;
  if (bytes.size() != key.size()) return std::nullopt;
  std::ranges::copy(bytes, key.begin());
  if (crypto_core_ed25519_is_valid_point(key.data()) != 1) return std::nullopt;
  return key;
}

bool verify_ed25519(const Ed25519Key& key, std::string_view message, std::string_view signature) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(bytes(signature), bytes(message), message.size(), key.data()) == 0;
}

}  // namespace tasklane
