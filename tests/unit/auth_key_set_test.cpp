#include <boost/test/unit_test.hpp>
#include <string>

#include "auth/public_key.h"
#include "auth_fixtures.h"
#include "base/limits.h"

using namespace tasklane;
using namespace fixtures;

namespace {

std::string unusual(const std::string& name) {
  return to_text(at(read_json("jwk/keys.json"), name));
}

// The JWK with one more member, given as JSON text.
std::string with(std::string jwk, const std::string& member) {
  jwk.pop_back();
  return jwk + ',' + member + '}';
}

std::string refusal(const std::string& jwk, std::string_view kid = "", std::string_view alg = "",
                    Algorithm rsa = Algorithm::RS256) {
  KeySet keys;
  const auto added = keys.add_jwk(jwk, kid, alg, rsa);
  return added ? "accepted" : added.error();
}

const std::string kEd25519 =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

std::string sample_jwk(const std::string& alg) {
  return to_text(at(read_json("better-auth/alg-" + alg + ".json"), "jwks.keys.0"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_set)

BOOST_AUTO_TEST_CASE(knows_the_listed_algorithms_and_no_other) {
  for (const auto* alg : {"HS256", "EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"}) {
    BOOST_TEST(spelling(find_algorithm(alg).value()) == alg);
  }
  BOOST_TEST(spelling(find_algorithm("Ed25519").value()) == "EdDSA");
  for (const auto* alg : {"", "none", "None", "NONE", "hs256", "HS384", "HS512", "RS384", "RS512", "PS384",
                          "PS512", "ES256K", "Ed448", "eddsa", "HS256 "}) {
    BOOST_TEST(!find_algorithm(alg).has_value(), alg);
  }
}

BOOST_AUTO_TEST_CASE(takes_the_algorithm_from_type_and_curve_when_none_is_named) {
  const auto algorithm = [](const std::string& jwk, Algorithm rsa) {
    KeySet keys;
    BOOST_REQUIRE(keys.add_jwk(jwk, "a", "", rsa));
    for (const auto candidate : {Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::PS256}) {
      if (!keys.find(candidate, "a").empty()) return spelling(candidate);
    }
    return std::string_view("none");
  };
  BOOST_TEST(algorithm(kEd25519, Algorithm::RS256) == "EdDSA");
  BOOST_TEST(algorithm(unusual("p256"), Algorithm::RS256) == "ES256");
  BOOST_TEST(algorithm(unusual("rsa-2048"), Algorithm::RS256) == "RS256");
  BOOST_TEST(algorithm(unusual("rsa-2048"), Algorithm::PS256) == "PS256");
}

BOOST_AUTO_TEST_CASE(prefers_the_name_and_algorithm_of_the_table_to_the_keys_own) {
  KeySet keys;
  BOOST_REQUIRE(keys.add_jwk(sample_jwk("RS256"), "from-table", "PS256", Algorithm::RS256));
  BOOST_TEST(keys.find(Algorithm::PS256, "from-table").size() == 1U);
  BOOST_TEST(keys.find(Algorithm::RS256, std::nullopt).empty());
  BOOST_TEST(keys.find(Algorithm::PS256, "k9Be3DXPtJNczOa5QNFlE0pr0EkS7O5T").empty());
}

BOOST_AUTO_TEST_CASE(reads_a_row_of_the_jwks_table_and_refuses_its_private_column) {
  const JsonValue row = at(read_json("better-auth/jwks-row-unencrypted.json"), "0");
  BOOST_TEST(refusal(text_at(row, "publicKey"), text_at(row, "id"), text_at(row, "alg")) == "accepted");
  BOOST_TEST(refusal(text_at(row, "privateKey"), text_at(row, "id"), text_at(row, "alg")) ==
             "it is a private key");
}

BOOST_AUTO_TEST_CASE(refuses_private_and_symmetric_keys) {
  BOOST_TEST(refusal(with(kEd25519, "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"")) ==
             "it is a private key");
  BOOST_TEST(refusal(with(unusual("rsa-2048"), "\"p\":\"AQAB\"")) == "it is a private key");
  BOOST_TEST(refusal(R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"})") == "it is a symmetric key");
  BOOST_TEST(refusal(with(kEd25519, "\"k\":\"AyM1\"")) == "it is a symmetric key");
}

BOOST_AUTO_TEST_CASE(refuses_keys_that_are_not_for_verifying) {
  BOOST_TEST(refusal(with(kEd25519, R"("use":"enc")")) == "its use is not sig");
  BOOST_TEST(refusal(with(kEd25519, R"("key_ops":["sign"])")) == "its key_ops has no verify");
  BOOST_TEST(refusal(with(kEd25519, R"("key_ops":"verify")")) == "its key_ops has no verify");
  BOOST_TEST(refusal(with(kEd25519, R"("use":"sig","key_ops":["verify"])")) == "accepted");
}

BOOST_AUTO_TEST_CASE(refuses_an_algorithm_that_is_unlisted_or_does_not_fit) {
  for (const auto* alg : {"RS512", "HS256", "none", "ES256K", "", "Ed448"}) {
    BOOST_TEST(refusal(with(unusual("rsa-2048"), "\"alg\":\"" + std::string(alg) + '"')) ==
               "its alg is not on the list");
  }
  BOOST_TEST(refusal(with(unusual("rsa-2048"), "\"alg\":7")) == "its alg is not on the list");
  BOOST_TEST(refusal(unusual("rsa-2048"), "a", "EdDSA") == "its alg does not fit its type");
  BOOST_TEST(refusal(kEd25519, "a", "RS256") == "its alg does not fit its type");
  BOOST_TEST(refusal(kEd25519, "a", "ES256") == "its alg does not fit its type");
  BOOST_TEST(refusal(unusual("p256"), "a", "ES384") == "its alg does not fit its type");
  BOOST_TEST(refusal(kEd25519, "a", "Ed25519") == "accepted");
}

BOOST_AUTO_TEST_CASE(refuses_keys_that_are_weak_or_no_keys) {
  for (const auto* name : {"rsa-1024", "rsa-2047"}) {
    BOOST_TEST(refusal(unusual(name)) == "an RSA key must have at least 2048 bits", name);
  }
  for (const auto* name : {"rsa-even-exponent", "rsa-exponent-1", "rsa-even-modulus", "rsa-8200", "ed448",
                           "secp256k1", "p256-off-curve", "p256-at-infinity", "p256-short-x"}) {
    BOOST_TEST(refusal(unusual(name)) != "accepted", name);
  }
  BOOST_TEST(refusal(unusual("p256-off-curve")) == "the point is not on its curve");
  BOOST_TEST(refusal(unusual("ed448")) == "the crv of an OKP key must be Ed25519");
  BOOST_TEST(refusal(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})") == "x must have 32 bytes");
  // For a public key of small order anybody can sign: y = 0 and y = 1. y = 2 is on no point of the curve.
  for (const char* y : {"AAAA", "AQAA", "AgAA"}) {
    const std::string x = y + std::string(39, 'A');
    const std::string jwk = R"({"kty":"OKP","crv":"Ed25519","x":")" + x + "\"}";
    BOOST_TEST(refusal(jwk) == "the Ed25519 key is not valid", x);
  }
  BOOST_TEST(refusal(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="})") ==
             "x must have 32 bytes");
  for (const auto* text : {"", "[]", "null", "{}", R"({"kty":7})", R"({"kty":"OKP"})", R"({"kty":"EC"})",
                           R"({"kty":"RSA"})", R"({"kty":"RSA","n":7,"e":"AQAB"})", "{\"kty\":\"OKP\""}) {
    BOOST_TEST(refusal(text) != "accepted", text);
  }
}

BOOST_AUTO_TEST_CASE(tells_no_key_material_when_it_refuses) {
  for (const auto& sentence : {refusal(with(kEd25519, "\"d\":\"c2VjcmV0\"")), refusal("{\"d\":\"c2VjcmV0"),
                               refusal(R"({"c2VjcmV0":1,"c2VjcmV0":2})")}) {
    BOOST_TEST(!sentence.contains("c2VjcmV0"), sentence);
  }
}

BOOST_AUTO_TEST_CASE(loads_a_set_and_tells_what_it_skipped) {
  KeySet keys;
  const auto loaded = keys.add_jwk_set("{\"keys\":[" + kEd25519 + ",{\"kty\":\"oct\"}," +
                                           with(kEd25519, R"("use":"enc")") + ',' + unusual("p256") + "]}",
                                       Algorithm::RS256);
  BOOST_REQUIRE(loaded);
  BOOST_TEST(loaded->keys == 2U);
  BOOST_TEST(keys.size() == 2U);
  BOOST_REQUIRE_EQUAL(loaded->skipped.size(), 2U);
  BOOST_TEST(loaded->skipped[0] == "key 2: it is a symmetric key");
  BOOST_TEST(loaded->skipped[1] == "key 3: its use is not sig");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_set) {
  for (const auto* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":"x"})", "{\"keys\":["}) {
    KeySet keys;
    BOOST_TEST(!keys.add_jwk_set(text, Algorithm::RS256).has_value(), text);
  }
  KeySet keys;
  BOOST_TEST(keys.add_jwk_set(R"({"keys":[]})", Algorithm::RS256).value().keys == 0U);
}

BOOST_AUTO_TEST_CASE(holds_no_more_keys_than_the_limit) {
  KeySet keys;
  for (std::size_t i = 0; i < limits::kKeySetKeysMax; ++i) {
    BOOST_REQUIRE(keys.add_jwk(kEd25519, "kid" + std::to_string(i), "", Algorithm::RS256));
  }
  BOOST_TEST(!keys.add_jwk(kEd25519, "one-more", "", Algorithm::RS256).has_value());
  BOOST_TEST(keys.size() == limits::kKeySetKeysMax);
  BOOST_TEST(keys.find(Algorithm::EdDSA, "kid7").size() == 1U);
  BOOST_TEST(keys.find(Algorithm::EdDSA, std::nullopt).empty());  // too many to try them all
}

BOOST_AUTO_TEST_CASE(finds_keys_by_algorithm_and_name) {
  KeySet keys;
  BOOST_REQUIRE(keys.add_jwk(kEd25519, "a", "", Algorithm::RS256));
  BOOST_REQUIRE(keys.add_jwk(sample_jwk("EdDSA"), "", "", Algorithm::RS256));
  BOOST_REQUIRE(keys.add_jwk(unusual("p256"), "a", "", Algorithm::RS256));
  BOOST_TEST(keys.find(Algorithm::EdDSA, "a").size() == 1U);
  BOOST_TEST(keys.find(Algorithm::ES256, "a").size() == 1U);
  BOOST_TEST(keys.find(Algorithm::EdDSA, std::nullopt).size() == 2U);
  BOOST_TEST(keys.find(Algorithm::EdDSA, "b").empty());
  BOOST_TEST(keys.find(Algorithm::EdDSA, "").empty());
  BOOST_TEST(keys.find(Algorithm::HS256, std::nullopt).empty());
}

BOOST_AUTO_TEST_CASE(compares_sets_by_their_keys_and_not_by_their_order) {
  const auto set = [](const std::vector<std::pair<std::string, std::string>>& named) {
    KeySet keys;
    for (const auto& [kid, jwk] : named) BOOST_REQUIRE(keys.add_jwk(jwk, kid, "", Algorithm::RS256));
    return keys;
  };
  const KeySet both = set({{"a", kEd25519}, {"b", unusual("p256")}});
  BOOST_TEST(both.same_keys(set({{"b", unusual("p256")}, {"a", kEd25519}})));
  BOOST_TEST(both.same_keys(set({{"a", kEd25519}, {"b", unusual("p256")}, {"a", kEd25519}})));
  BOOST_TEST(!both.same_keys(set({{"a", kEd25519}})));
  BOOST_TEST(!set({{"a", kEd25519}}).same_keys(both));
  BOOST_TEST(!both.same_keys(set({{"c", kEd25519}, {"b", unusual("p256")}})));
  BOOST_TEST(!set({{"a", kEd25519}}).same_keys(set({{"a", sample_jwk("EdDSA")}})));
  BOOST_TEST(!KeySet().same_keys(secret_only()));
}

BOOST_AUTO_TEST_CASE(refuses_a_secret_that_is_too_short) {
  KeySet keys;
  const std::string good(limits::kSecretMinBytes, 'x'), bad = good.substr(1);
  for (const auto& secrets : {std::vector{bad}, {good, bad}})
    BOOST_CHECK_THROW(keys.set_secrets(secrets), std::invalid_argument);
  BOOST_TEST(!keys.has_secret());
  keys.set_secrets({good});
  BOOST_TEST(keys.has_secret());
}

BOOST_AUTO_TEST_SUITE_END()
