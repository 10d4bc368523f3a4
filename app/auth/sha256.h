#pragma once
// SHA-256 (FIPS 180-4). Throws std::runtime_error when OpenSSL fails.

#include <array>
#include <cstdint>
#include <string_view>

namespace tasklane {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

}  // namespace tasklane
