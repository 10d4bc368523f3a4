// Tokens that a running Better Auth issued: which of them are API tokens and which must not be taken for one.

#include <boost/test/unit_test.hpp>
#include <string>

#include "auth_fixtures.h"

using namespace tasklane;
using namespace fixtures;

namespace {

const TokenRules kRules{.issuer = "http://127.0.0.1:3951", .audience = "http://127.0.0.1:3951"};

KeySet keys_of(const JsonValue& jwks) {
  KeySet keys;
  keys.set_secrets({kSecret});
  BOOST_REQUIRE(keys.add_jwk_set(jwk_set_text(jwks), Algorithm::RS256));
  return keys;
}

struct Sample {
  const char* file;
  const char* token;
  const char* jwks;
  const char* subject;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(better_auth_samples)

BOOST_AUTO_TEST_CASE(accepts_every_token_of_the_jwt_plugin_with_a_listed_algorithm) {
  const Sample samples[] = {
      {"alg-EdDSA.json", "token.token", "jwks", "rFN9xuswaNoubMmHZMco0s2tX6psdNet"},
      {"alg-ES256.json", "token.token", "jwks", "QDlNxF6qwXWnsq0tLVH2JT6geAzps6ko"},
      {"alg-ES512.json", "token.token", "jwks", "GkVoK8xL3ywDL5RX64Y2N5TSe3RZVktN"},
      {"alg-RS256.json", "token.token", "jwks", "tUsWDRViI1IsMwjvPsQ9OdIalD7Bwwc4"},
      {"alg-PS256.json", "token.token", "jwks", "LwtZ3HmkWM9yoFkNiPeVAi54CqXrmTTY"},
      {"alg-untyped-ES384.json", "token.token", "jwks", "4BuyaJalsa4iFtDkPflBYKl8lsmPtSGK"},
      {"alg-untyped-Ed25519.json", "token.token", "jwks", "328NP0l49mVA8Nt3jBHRalDPau2bQJY4"},
      {"ids-serial.json", "token.token", "jwks", "1"},
      {"ids-uuid.json", "token.token", "jwks", "3a0fafe3-f9e0-4469-a959-ddfa7f7619c8"},
      {"better-auth-1.4.18.json", "v14.token.token", "v14.jwks", "9cBGDTlZK74fqJN3Sm5wict6fdlDG2Nu"},
  };
  for (const Sample& sample : samples) {
    const JsonValue file = read_json(std::string("better-auth/") + sample.file);
    const auto verified =
        TokenVerifier::verify(text_at(file, sample.token), keys_of(at(file, sample.jwks)), kRules, kNow);
    BOOST_TEST_CONTEXT(sample.file) {
      BOOST_REQUIRE(verified);
      BOOST_TEST(verified->user.value() == sample.subject);
    }
  }
}

BOOST_AUTO_TEST_CASE(accepts_the_default_token_wherever_better_auth_sends_it) {
  const KeySet keys = keys_of(at(read_json("better-auth/default-jwks.json"), "body"));
  BOOST_TEST(verdict(text_at(read_json("better-auth/default-token.json"), "body.token"), keys, kRules) == "");
  BOOST_TEST(verdict(text_at(read_json("better-auth/default-get-session.json"), "headers.set-auth-jwt"), keys,
                     kRules) == "");
}

BOOST_AUTO_TEST_CASE(accepts_a_default_token_by_the_table_row_without_alg_of_1_4_18) {
  const JsonValue file = read_json("better-auth/better-auth-1.4.18.json");
  KeySet keys;
  BOOST_REQUIRE(keys.add_jwk(text_at(file, "v14.row.0.publicKey"), text_at(file, "v14.row.0.id"), "",
                             Algorithm::RS256));
  BOOST_TEST(verdict(text_at(file, "v14.token.token"), keys, kRules) == "");
}

BOOST_AUTO_TEST_CASE(accepts_a_hand_made_hs256_token) {
  const std::string token = text_at(read_json("better-auth/custom-sign-hs256.json"), "token.token");
  BOOST_TEST(verdict(token, secret_only(), kRules) == "");
  BOOST_TEST(verdict(token, KeySet()) == sentence(TokenFault::unlisted_algorithm));
}

BOOST_AUTO_TEST_CASE(refuses_a_token_signed_with_an_unlisted_algorithm) {
  const JsonValue file = read_json("better-auth/alg-untyped-RS512.json");
  KeySet keys;
  BOOST_TEST(keys.add_jwk_set(jwk_set_text(at(file, "jwks")), Algorithm::RS256).value().skipped.size() == 1U);
  BOOST_TEST(verdict(text_at(file, "token.token"), keys) == sentence(TokenFault::unlisted_algorithm));
}

BOOST_AUTO_TEST_CASE(refuses_a_token_whose_key_was_never_published) {
  const KeySet keys = keys_of(at(read_json("better-auth/default-jwks.json"), "body"));
  const std::string token = text_at(read_json("better-auth/definePayload.json"), "token");
  BOOST_TEST(verdict(token, keys) == sentence(TokenFault::unknown_key));
}

BOOST_AUTO_TEST_CASE(refuses_the_session_cookie_cache_signed_with_the_secret) {
  const UnixTime while_valid = 1795244700;
  for (const auto* name : {"cookiecache-jwt-hs256.json", "cookiecache-jwt-hs256-https.json"}) {
    const std::string cookie = text_at(read_json(std::string("better-auth/") + name), "decoded.token");
    BOOST_TEST(verdict(cookie, secret_only(), {}, while_valid) == sentence(TokenFault::no_subject), name);
  }
  const std::string old = text_at(read_json("better-auth/better-auth-1.4.18.json"), "v14cc.token");
  BOOST_TEST(verdict(old, secret_only()) == sentence(TokenFault::no_subject));
}

BOOST_AUTO_TEST_CASE(refuses_the_session_cookie_cache_signed_with_the_same_keys_as_api_tokens) {
  const JsonValue file = read_json("better-auth/cookiecache-jwks.json");
  const std::string cookie = text_at(file, "decoded.token");
  BOOST_TEST(verdict(cookie, keys_of(at(file, "jwks")), {}, 1795244700) == sentence(TokenFault::wrong_type));
}

BOOST_AUTO_TEST_CASE(refuses_session_tokens_and_cookies_that_are_no_jwt_and_says_so) {
  const KeySet keys = secret_only();
  const std::string not_a_jwt(sentence(TokenFault::not_a_jwt));
  const JsonValue bearer = read_json("better-auth/bearer.json");
  BOOST_TEST(verdict(text_at(bearer, "rawSessionTokenFromSignupBody"), keys) == not_a_jwt);
  BOOST_TEST(verdict(text_at(bearer, "setAuthTokenHeader"), keys) == not_a_jwt);
  BOOST_TEST(verdict(text_at(read_json("better-auth/default-signup.json"), "body.token"), keys) == not_a_jwt);
  BOOST_TEST(verdict(text_at(read_json("better-auth/cookiecache-compact.json"), "1.value"), keys) ==
             not_a_jwt);
  BOOST_TEST(verdict(text_at(read_json("better-auth/cookiecache-jwe.json"), "1.value"), keys) == not_a_jwt);
  BOOST_TEST(not_a_jwt.contains("session token"));
  BOOST_TEST(not_a_jwt.contains("/api/auth/token"));
}

BOOST_AUTO_TEST_CASE(refuses_an_email_verification_link) {
  const std::string link =
      forge(R"({"alg":"HS256"})",
            R"({"email":"alice@example.com","userId":"u1","iat":1795245000,"exp":1795248600})");
  BOOST_TEST(verdict(link, secret_only()) == sentence(TokenFault::no_subject));
}

BOOST_AUTO_TEST_SUITE_END()
