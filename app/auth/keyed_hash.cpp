#include "auth/keyed_hash.h"

#include <sodium.h>

#include <bit>

namespace tasklane {

static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == sizeof(std::uint64_t));

std::uint64_t keyed_hash(const std::array<unsigned char, 16>& key, std::string_view text) {
  std::array<unsigned char, crypto_shorthash_BYTES> hash;
  crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data());
  return std::bit_cast<std::uint64_t>(hash);
}

}  // namespace tasklane
