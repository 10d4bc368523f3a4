// Signatures against the vectors of RFC 7515, 7520 and 8037, and in the forms that must not be taken.

#include <boost/test/unit_test.hpp>
#include <string>

#include "auth/jwk.h"
#include "auth_fixtures.h"

using namespace tasklane;
using namespace fixtures;

namespace {

struct Signed {
  std::string alg;
  std::string input;
  std::string signature;
  std::string secret;                    // HS256
  std::shared_ptr<const PublicKey> key;  // the others
};

Signed split(const std::string& alg, const std::string& token, const JsonValue& jwk) {
  const auto dot = token.rfind('.');
  Signed result{.alg = alg,
                .input = token.substr(0, dot),
                .signature = decode_base64url(token.substr(dot + 1)).value(),
                .secret = {},
                .key = {}};
  if (alg == "HS256") {
    result.secret = decode_base64url(text_at(jwk, "k")).value();
  } else {
    result.key = read_jwk(jwk, {.alg = alg}).value();
  }
  return result;
}

bool verifies(const Signed& one) {
  return one.key ? verify_signature(*one.key, one.input, one.signature)
                 : verify_hs256(one.secret, one.input, one.signature);
}

// r || s of a sample, each half as DER wants it.
std::string to_der(const std::string& raw) {
  const auto integer = [](std::string bytes) {
    while (bytes.size() > 1 && bytes[0] == '\0') bytes.erase(0, 1);
    if (static_cast<unsigned char>(bytes[0]) >= 0x80) bytes.insert(0, 1, '\0');
    return '\x02' + std::string(1, static_cast<char>(bytes.size())) + bytes;
  };
  const std::string body = integer(raw.substr(0, raw.size() / 2)) + integer(raw.substr(raw.size() / 2));
  return '\x30' + std::string(1, static_cast<char>(body.size())) + body;
}

Signed sample(const std::string& alg) {
  const JsonValue file = read_json("better-auth/alg-" + alg + ".json");
  return split(alg, text_at(file, "token.token"), at(file, "jwks.keys.0"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signature)

BOOST_AUTO_TEST_CASE(verifies_the_vectors_of_rfc_7515_7520_and_8037) {
  const JsonValue vectors = read_json("rfc/signatures.json");
  BOOST_REQUIRE_EQUAL(vectors.array()->size(), 8U);
  for (const JsonValue& vector : *vectors.array()) {
    const std::string source = text_at(vector, "source");
    Signed one = split(text_at(vector, "alg"), text_at(vector, "jws"), at(vector, "jwk"));
    BOOST_TEST(verifies(one), source);
    one.input.back() = one.input.back() == 'A' ? 'B' : 'A';
    BOOST_TEST(!verifies(one), source << " with another input");
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_signature_with_any_one_bit_flipped) {
  for (const auto* alg : {"ES256", "EdDSA"}) {
    Signed one = sample(alg);
    BOOST_REQUIRE(verifies(one));
    for (std::size_t bit = 0; bit < 8 * one.signature.size(); ++bit) {
      char& byte = one.signature[bit / 8];
      const char before = byte;
      byte = static_cast<char>(byte ^ (1 << (bit % 8)));
      BOOST_TEST(!verifies(one), alg << " bit " << bit);
      byte = before;
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_signature_of_another_length) {
  for (const auto* alg : {"EdDSA", "ES256", "ES512", "RS256", "PS256"}) {
    const Signed one = sample(alg);
    BOOST_TEST(verifies(one), alg);
    for (const std::string& other :
         {one.signature.substr(1), one.signature.substr(0, one.signature.size() - 1), one.signature + '\0',
          '\0' + one.signature, std::string()}) {
      BOOST_TEST(!verify_signature(*one.key, one.input, other), alg << " with " << other.size() << " bytes");
    }
  }
}

// RFC 8032 section 5.1.7: s is below the order of the group, or anybody could make a second signature of one.
BOOST_AUTO_TEST_CASE(refuses_an_ed25519_signature_whose_s_is_not_reduced) {
  constexpr unsigned char kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  Signed one = sample("EdDSA");
  unsigned carry = 0;
  for (std::size_t i = 0; i < sizeof kOrder; ++i) {
    char& byte = one.signature[32 + i];
    carry += static_cast<unsigned char>(byte) + kOrder[i];
    byte = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  BOOST_REQUIRE_EQUAL(carry, 0U);
  BOOST_TEST(!verifies(one));
}

BOOST_AUTO_TEST_CASE(refuses_an_ecdsa_signature_in_der_form) {
  const Signed one = sample("ES256");
  BOOST_TEST(!verify_signature(*one.key, one.input, to_der(one.signature)));
}

BOOST_AUTO_TEST_CASE(refuses_an_ecdsa_signature_with_r_or_s_out_of_range) {
  const Signed one = sample("ES256");
  const std::string r = one.signature.substr(0, 32), s = one.signature.substr(32);
  const std::string zero(32, '\0'), huge(32, '\xFF');
  // CVE-2022-21449: zeros verified any message under some libraries.
  for (const std::string& other : {zero + zero, zero + s, r + zero, huge + s, r + huge, s + r}) {
    BOOST_TEST(!verify_signature(*one.key, one.input, other));
  }
}

BOOST_AUTO_TEST_CASE(never_verifies_with_a_key_of_another_kind) {
  const std::string algs[] = {"EdDSA", "ES256", "ES512", "RS256", "PS256"};
  for (const auto& left : algs) {
    for (const auto& right : algs) {
      if (left == right) continue;
      const Signed one = sample(left);
      BOOST_TEST(!verify_signature(*sample(right).key, one.input, one.signature), left << " under " << right);
    }
  }
}

BOOST_AUTO_TEST_CASE(binds_an_rsa_key_to_one_padding) {
  const JsonValue file = read_json("better-auth/alg-RS256.json");
  const std::string modulus = text_at(file, "jwks.keys.0.n");
  const JsonValue jwk = parse_json("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" + modulus + "\"}").value();
  const Signed one = sample("RS256");
  BOOST_TEST(verify_signature(*read_jwk(jwk, {.alg = "RS256"}).value(), one.input, one.signature));
  BOOST_TEST(!verify_signature(*read_jwk(jwk, {.alg = "PS256"}).value(), one.input, one.signature));
}

BOOST_AUTO_TEST_CASE(computes_hmac_sha256_as_rfc_4231_has_it) {
  const std::string mac = sign_hs256("Jefe", "what do ya want for nothing?");  // test case 2
  BOOST_TEST(encode_base64url(mac) == "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
  BOOST_TEST(verify_hs256("Jefe", "what do ya want for nothing?", mac));
  BOOST_TEST(!verify_hs256("Jefe", "what do ya want for nothing?", mac.substr(0, 16)));
  BOOST_TEST(!verify_hs256("Jefe", "what do ya want for nothing?", ""));
  BOOST_TEST(!verify_hs256("jefe", "what do ya want for nothing?", mac));
}

BOOST_AUTO_TEST_SUITE_END()
