#pragma once
// From a JSON Web Key (RFC 7517, 7518 section 6, 8037) to a key that can verify. Every fault is a sentence
// that names it and holds no key material.

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "auth/public_key.h"
#include "json/json_reader.h"

namespace tasklane {

// What a JWK may lack or what stands beside it; empty: as the JWK itself says.
struct JwkDefaults {
  std::string_view kid = {};
  std::string_view alg = {};
  Algorithm rsa_algorithm = Algorithm::RS256;  // of an RSA key that names none
};

std::expected<std::shared_ptr<const PublicKey>, std::string> read_jwk(const JsonValue& jwk,
                                                                      const JwkDefaults& defaults);

}  // namespace tasklane
