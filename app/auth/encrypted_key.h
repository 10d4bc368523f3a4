#pragma once
// Better Auth's private keys as its table jwks keeps them: JSON, encrypted with its secret unless it was told
// not to. Enough to know whether a secret opens one.
//
// XChaCha20-Poly1305 with the SHA-256 of the secret as the key; nonce and text in hexadecimal digits, in a
// JSON string. With versions of the secret "$ba$NUMBER$" is before them.

#include <string_view>

namespace tasklane {

// False: the private key is in clear.
bool is_encrypted_key(std::string_view stored);

bool opens_key(std::string_view secret, std::string_view stored);

}  // namespace tasklane
