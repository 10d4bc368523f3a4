// What an attacker can do with public keys, with other people's tokens and with random changes.

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "auth_fixtures.h"

using namespace tasklane;
using namespace fixtures;

namespace {

struct Sample {
  std::string token;
  KeySet keys;  // with the secret too, the riskiest configuration
};

Sample sample(const std::string& alg) {
  const JsonValue file = read_json("better-auth/alg-" + alg + ".json");
  Sample result{.token = text_at(file, "token.token"), .keys = secret_only()};
  BOOST_REQUIRE(result.keys.add_jwk_set(jwk_set_text(at(file, "jwks")), Algorithm::RS256));
  BOOST_REQUIRE_EQUAL(verdict(result.token, result.keys), "");
  return result;
}

std::string jwk_member(const std::string& alg, const std::string& name) {
  return text_at(read_json("better-auth/alg-" + alg + ".json"), "jwks.keys.0." + name);
}

std::string said(TokenFault fault) {
  return std::string(sentence(fault));
}

const std::string kClaims = R"({"sub":"mallory","exp":1795245400})";

}  // namespace

BOOST_AUTO_TEST_SUITE(attacks)

// The classic confusion: a verifier that lets the token choose takes the public key for an HMAC secret.
BOOST_AUTO_TEST_CASE(refuses_hs256_signed_with_the_bytes_of_a_public_key) {
  for (const auto& [alg, member] : {std::pair("EdDSA", "x"), {"RS256", "n"}, {"ES256", "x"}}) {
    const Sample one = sample(alg);
    const std::string encoded = jwk_member(alg, member), kid = jwk_member(alg, "kid");
    const std::string jwk =
        to_text(at(read_json(std::string("better-auth/alg-") + alg + ".json"), "jwks.keys.0"));
    for (const std::string& secret : {encoded, decode_base64url(encoded).value(), jwk, kid, std::string()}) {
      const std::string token = forge(R"({"alg":"HS256","kid":")" + kid + "\"}", kClaims, secret);
      BOOST_TEST(verdict(token, one.keys) == said(TokenFault::bad_signature), alg);
      KeySet public_only;
      BOOST_REQUIRE(public_only.add_jwk(jwk, "", "", Algorithm::RS256));
      BOOST_TEST(verdict(token, public_only) == said(TokenFault::unlisted_algorithm), alg);
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_kid_that_names_a_key_of_another_algorithm) {
  const Sample eddsa = sample("EdDSA");
  KeySet keys;
  const std::string kid = jwk_member("EdDSA", "kid");
  const std::string es256 = to_text(at(read_json("better-auth/alg-ES256.json"), "jwks.keys.0"));
  BOOST_REQUIRE(keys.add_jwk(es256, kid, "", Algorithm::RS256));
  BOOST_TEST(verdict(eddsa.token, keys) == said(TokenFault::unknown_key));

  const std::string rs256 = to_text(at(read_json("better-auth/alg-RS256.json"), "jwks.keys.0"));
  KeySet pss_only;
  BOOST_REQUIRE(pss_only.add_jwk(rs256, "", "PS256", Algorithm::RS256));
  BOOST_TEST(verdict(sample("RS256").token, pss_only) == said(TokenFault::unknown_key));
}

BOOST_AUTO_TEST_CASE(never_follows_a_key_that_the_token_brings_along) {
  const Sample one = sample("EdDSA");
  const JsonValue attacker = at(read_json("jwk/keys.json"), "attacker");
  KeySet attackers;
  BOOST_REQUIRE(
      attackers.add_jwk(to_text(at(attacker, "jwk")), jwk_member("EdDSA", "kid"), "", Algorithm::RS256));
  for (const auto* name : {"jwk_in_header_with_kid", "jku_in_header", "x5c_in_header"}) {
    BOOST_TEST(verdict(text_at(attacker, name), one.keys) == said(TokenFault::bad_signature), name);
    BOOST_TEST(verdict(text_at(attacker, name), attackers) == "", name);  // the signature itself is right
  }
  BOOST_TEST(verdict(text_at(attacker, "jwk_in_header"), one.keys) == said(TokenFault::bad_signature));
  BOOST_TEST(verdict(text_at(attacker, "jwk_in_header"), KeySet()) == said(TokenFault::unknown_key));
}

BOOST_AUTO_TEST_CASE(refuses_parts_of_two_tokens_put_together) {
  const Sample one = sample("EdDSA");
  const std::string other = text_at(read_json("better-auth/ids-serial.json"), "token.token");
  const auto part = [](const std::string& token, int number) {
    const auto first = token.find('.'), second = token.rfind('.');
    return number == 0   ? token.substr(0, first)
           : number == 1 ? token.substr(first + 1, second - first - 1)
                         : token.substr(second + 1);
  };
  for (int from_other = 1; from_other < 7; ++from_other) {
    std::string mixed;
    for (int number = 0; number < 3; ++number) {
      mixed += (number > 0 ? "." : "") + part((from_other >> number & 1) != 0 ? other : one.token, number);
    }
    BOOST_TEST(verdict(mixed, one.keys) != "", from_other);
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_token_with_any_one_character_changed) {
  const std::string token = forge(R"({"alg":"HS256","typ":"JWT"})", R"({"sub":"alice","exp":1795245400})");
  const KeySet keys = secret_only();
  BOOST_REQUIRE_EQUAL(verdict(token, keys), "");
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char other : {'A', 'B', 'z', '9', '-', '_', '.', '=', '\x80'}) {
      std::string changed = token;
      changed[i] = other;
      BOOST_TEST((changed == token || verdict(changed, keys) != ""), "character " << i << " to " << other);
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_every_truncation) {
  for (const std::string& token : {forge(R"({"alg":"HS256"})", kClaims), sample("EdDSA").token}) {
    const KeySet keys = sample("EdDSA").keys;
    for (std::size_t size = 0; size < token.size(); ++size)
      BOOST_TEST(verdict(token.substr(0, size), keys) != "");
    for (std::size_t skip = 1; skip < token.size(); ++skip)
      BOOST_TEST(verdict(token.substr(skip), keys) != "");
  }
}

BOOST_AUTO_TEST_CASE(never_verifies_and_never_crashes_on_random_changes) {
  std::mt19937 random(20'261'121);
  const Sample eddsa = sample("EdDSA"), es256 = sample("ES256");
  const std::string hs256 = forge(R"({"alg":"HS256","typ":"JWT"})", kClaims);
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  for (int round = 0; round < 3'000; ++round) {
    const bool is_slow = round % 16 == 0;  // a public key: some ten microseconds each
    const Sample& one = round % 32 == 0 ? es256 : eddsa;
    const std::string& token = is_slow ? one.token : hs256;
    std::string changed = token;
    for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
      const std::size_t where = below(changed.size());
      switch (below(4)) {
        case 0:
          changed[where] = static_cast<char>(changed[where] ^ (1 << below(8)));
          break;
        case 1:
          changed.insert(where, 1, static_cast<char>(below(256)));
          break;
        case 2:
          changed.erase(where, 1 + below(3));
          break;
        default:
          std::swap(changed[where], changed[below(changed.size())]);
      }
    }
    if (changed != token) BOOST_TEST(verdict(changed, one.keys) != "");
  }
}

BOOST_AUTO_TEST_SUITE_END()
