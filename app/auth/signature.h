#pragma once
// Signatures of RFC 7518 section 3 and RFC 8037, in the form a JWT has them: raw bytes, for EC the
// fixed-length r || s. A signature of any other length or form is false, never an error.

#include <string>
#include <string_view>

#include "auth/public_key.h"

namespace tasklane {

// By the key's own algorithm, whatever the token said.
bool verify_signature(const PublicKey& key, std::string_view signing_input, std::string_view signature);

// HMAC with SHA-256, 32 bytes. Throws std::runtime_error when OpenSSL fails.
std::string sign_hs256(std::string_view secret, std::string_view signing_input);

// Compares in constant time.
bool verify_hs256(std::string_view secret, std::string_view signing_input, std::string_view signature);

}  // namespace tasklane
