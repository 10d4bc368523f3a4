// Keys are looked up with the request that needs them: never by a timer, never for a token that they do not
// decide about.

#include <boost/test/unit_test.hpp>
#include <string>

#include "auth_authenticator_fixture.h"

using namespace tasklane;
using namespace fixtures;

namespace {

const std::string kBySecret = forge(R"({"alg":"HS256"})", R"({"sub":"alice","exp":1795255400})");
const std::string kByKey = sample_token("EdDSA");
const std::string kUser = "user rFN9xuswaNoubMmHZMco0s2tX6psdNet";
constexpr UnixTime kFresh = 60;  // limits::kKeyRefreshIntervalMax
constexpr UnixTime kPause = 6;   // limits::kKeyRefreshIntervalMin, for a clock of whole seconds

// Has its keys, and has verified a token by them.
struct StaleFixture : Fixture {
  StaleFixture() {
    source->keys = sample_keys("EdDSA");
    BOOST_TEST(refresh() == "refreshed");
    BOOST_TEST(authenticate_token(kByKey) == kUser);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stale_keys, StaleFixture)

BOOST_AUTO_TEST_CASE(a_remembered_token_of_a_withdrawn_key_counts_for_a_minute_at_most) {
  source->keys = {};
  now += kFresh - 1;
  BOOST_TEST(authenticate_token(kByKey) == kUser);
  BOOST_TEST(source->loads == 1);
  now += 1;
  BOOST_TEST(authenticate_token(kByKey) == sentence(TokenFault::unknown_key));
  BOOST_TEST(source->loads == 2);
}

BOOST_AUTO_TEST_CASE(all_who_come_meanwhile_wait_for_one_look) {
  now += kFresh;
  source->is_held = true;
  std::string answers[4];
  for (auto& answer : answers) start("Bearer " + kByKey, answer);
  run();
  for (const auto& answer : answers) BOOST_TEST(answer == "");
  open_gate();
  run();
  for (const auto& answer : answers) BOOST_TEST(answer == kUser);
  BOOST_TEST(source->loads == 2);
  const auto hits = read(metrics.token_cache_hits);
  BOOST_TEST(authenticate_token(kByKey) == kUser);
  BOOST_TEST(read(metrics.token_cache_hits) == hits + 1);
}

BOOST_AUTO_TEST_CASE(a_key_set_is_as_old_as_the_beginning_of_its_look) {
  now += kFresh;
  source->is_held = true;
  std::string answer;
  start("Bearer " + kByKey, answer);
  run();
  now += 2;
  open_gate();
  run();
  BOOST_TEST(answer == kUser);
  now += kFresh - 2;
  authenticate_token(kByKey);
  BOOST_TEST(source->loads == 3);
}

BOOST_AUTO_TEST_CASE(keys_that_cannot_be_read_stay_in_force_and_are_not_looked_for_with_each_request) {
  now += kFresh;
  source->fails = true;
  for (int i = 0; i < 20; ++i) BOOST_TEST(authenticate_token(kByKey) == kUser);
  BOOST_TEST(source->loads == 2);
  now += kPause;
  BOOST_TEST(authenticate_token(kByKey) == kUser);
  BOOST_TEST(source->loads == 3);
  now += kPause;
  source->fails = false;
  source->keys = {};
  BOOST_TEST(authenticate_token(kByKey) == sentence(TokenFault::unknown_key));
}

BOOST_AUTO_TEST_CASE(who_has_waited_long_in_vain_is_told_and_who_has_not_goes_on) {
  now += kFresh;
  source->is_held = source->fails = true;
  std::string early, late;
  start("Bearer " + kByKey, early);
  run();
  now += 3;
  start("Bearer " + kByKey, late);
  run();
  open_gate();
  run();
  BOOST_TEST(early == "Keys cannot be read");
  BOOST_TEST((error.type == ErrorType::service_unavailable));
  BOOST_TEST(late == kUser);
  BOOST_TEST(source->loads == 2);
}

BOOST_AUTO_TEST_CASE(a_token_of_the_secret_needs_no_keys) {
  BOOST_TEST(authenticate_token(kBySecret) == "user alice");
  now += 3'600;
  const auto hits = read(metrics.token_cache_hits);
  BOOST_TEST(authenticate_token(kBySecret) == "user alice");
  BOOST_TEST(read(metrics.token_cache_hits) == hits + 1);
  BOOST_TEST(authenticate_token(kBySecret + "A") == sentence(TokenFault::bad_signature));
  BOOST_TEST(source->loads == 1);
}

BOOST_AUTO_TEST_CASE(a_token_that_fails_by_itself_needs_no_keys) {
  now += 3'600;
  BOOST_TEST(authenticate_token(kByKey) == sentence(TokenFault::expired));
  BOOST_TEST(authenticate_token(kByKey.substr(0, kByKey.rfind('.') + 1) + "====") ==
             sentence(TokenFault::malformed));
  BOOST_TEST(authenticate_token(R"(garbage)") == sentence(TokenFault::not_a_jwt));
  BOOST_TEST(source->loads == 1);
}

// An issuer that numbers its keys may have begun anew.
BOOST_AUTO_TEST_CASE(a_key_that_has_taken_the_name_of_another_is_found) {
  const JsonValue file = sample_file("untyped-Ed25519");
  const std::string own_kid = text_at(sample_file("EdDSA"), "jwks.keys.0.kid");
  const KeySet right = source->keys;
  source->keys = {};
  BOOST_REQUIRE(source->keys.add_jwk(to_text(at(file, "jwks.keys.0")), own_kid, "EdDSA", Algorithm::RS256));
  BOOST_TEST(refresh() == "refreshed");
  BOOST_TEST(authenticate_token(kByKey) == sentence(TokenFault::bad_signature));
  source->keys = right;
  BOOST_TEST(authenticate_token(kByKey) == sentence(TokenFault::bad_signature));
  now += kFresh;
  BOOST_TEST(authenticate_token(kByKey) == kUser);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_makes_keys_stale) {
  source->keys = {};
  now -= 60;
  BOOST_TEST(authenticate_token(kByKey) == sentence(TokenFault::unknown_key));
}

BOOST_AUTO_TEST_SUITE_END()
