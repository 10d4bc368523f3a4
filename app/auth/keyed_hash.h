#pragma once
// SipHash-2-4 by libsodium (crypto_shorthash(3)): texts whose hashes meet cannot be found without the key.

#include <array>
#include <cstdint>
#include <string_view>

namespace tasklane {

std::uint64_t keyed_hash(const std::array<unsigned char, 16>& key, std::string_view text);

}  // namespace tasklane
