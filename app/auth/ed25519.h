#pragma once
// Ed25519 (RFC 8032) by libsodium, which verifies in less than half of the time that OpenSSL takes:
// docs/adr/0011-ed25519-by-libsodium.md

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tasklane {

using Ed25519Key = std::array<std::uint8_t, 32>;

// A public key as RFC 8037 has it. nullopt: other than 32 bytes, or a point that no honest key pair has (not
// on the curve, not in canonical form, outside the group that signatures are made in). Throws
// std::runtime_error when libsodium cannot start.
std::optional<Ed25519Key> read_ed25519_key(std::string_view bytes);

// False for a signature of another length, too.
bool verify_ed25519(const Ed25519Key& key, std::string_view message, std::string_view signature);

}  // namespace tasklane
