#include <boost/test/unit_test.hpp>
#include <string>

#include "auth_authenticator_fixture.h"

using namespace tasklane;
using namespace fixtures;

namespace {

const std::string kToken = forge(R"({"alg":"HS256"})", R"({"sub":"alice","exp":1795245400})");
const std::string kUnknownKey(sentence(TokenFault::unknown_key));
constexpr UnixTime kInterval = 6;  // limits::kKeyRefreshIntervalMin, for a clock of whole seconds

}  // namespace

BOOST_AUTO_TEST_SUITE(authenticator)

BOOST_AUTO_TEST_CASE(knows_the_user_of_a_good_token) {
  Fixture f;
  BOOST_TEST(f.authenticate("Bearer " + kToken) == "user alice");
  BOOST_TEST(f.source->loads == 0);
  BOOST_TEST(f.failures() == 0U);
}

BOOST_AUTO_TEST_CASE(takes_the_scheme_in_any_case_and_several_spaces) {
  Fixture f;
  for (const auto* scheme : {"bearer ", "BEARER ", "bEaReR   "}) {
    BOOST_TEST(f.authenticate(scheme + kToken) == "user alice", scheme);
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_header_that_holds_no_token) {
  Fixture f;
  BOOST_TEST(f.authenticate("") == "Authorization header is missing");
  for (const auto* header : {"Bearer", "Bearer ", "Bearer    "}) {
    BOOST_TEST(f.authenticate(header) == "Authorization header has no token", header);
  }
  for (const auto* header :
       {"Basic dXNlcjpwYXNz", "Token abc", "Bearertoken", "x Bearer abc", "Bearer\tabc"}) {
    BOOST_TEST(f.authenticate(header) == "Authorization header must be of the form: Bearer TOKEN", header);
  }
  BOOST_TEST(!f.error.token_sent);
  BOOST_TEST((f.error.type == ErrorType::authentication_error));
  BOOST_TEST(f.failures(TokenFault::no_header) == 1U);
  BOOST_TEST(f.failures(TokenFault::empty_token) == 3U);
  BOOST_TEST(f.failures(TokenFault::not_bearer) == 5U);
  BOOST_TEST(read(f.metrics.token_cache_misses) == 0U);
}

BOOST_AUTO_TEST_CASE(says_that_a_token_was_sent_when_it_refuses_one) {
  Fixture f;
  f.authenticate("Bearer grD77L28Dytcyu5VLdKiw9iRLu0H5TQf");
  BOOST_TEST((f.error.type == ErrorType::authentication_error));
  BOOST_TEST(f.error.token_sent);
  BOOST_TEST(f.error.detail.contains("session token"));
  BOOST_TEST(f.failures(TokenFault::not_a_jwt) == 1U);
}

BOOST_AUTO_TEST_CASE(loads_no_keys_for_a_bad_token) {
  Fixture f;
  const std::string header = R"({"alg":"HS256"})";
  const std::string es = encode_base64url(R"({"alg":"EdDSA","kid":"x","typ":"id+jwt"})");
  for (const std::string& token :
       {std::string("garbage"), std::string("a.b.c"), kToken + "A", forge(header, R"({"sub":"alice"})"),
        forge(header, R"({"sub":"alice","exp":1})"), forge(header, R"({"exp":1795245400})"),
        forge(R"({"alg":"none"})", "{}"), forge(R"({"alg":"RS512","kid":"x"})", "{}"), es + ".e30.AAAA",
        forge(R"({"alg":"EdDSA","crit":["x"]})", "{}"), forge(R"({"alg":"EdDSA","kid":7})", "{}"),
        encode_base64url(R"({"alg":"EdDSA"})") + ".e30.====", std::string(20'000, 'A')}) {
    BOOST_TEST(!f.authenticate_token(token).starts_with("user"), token.substr(0, 60));
  }
  BOOST_TEST(f.source->loads == 0);
}

BOOST_AUTO_TEST_CASE(loads_no_keys_for_hs256_without_a_secret) {
  Fixture f("");
  BOOST_TEST(f.authenticate_token(kToken) == sentence(TokenFault::unlisted_algorithm));
  BOOST_TEST(f.source->loads == 0);
}

BOOST_AUTO_TEST_CASE(looks_for_an_unknown_key_at_once_and_then_knows_it) {
  Fixture f("");
  BOOST_TEST(f.refresh() == "refreshed");  // an empty key table is a normal start
  f.source->keys = sample_keys("EdDSA");
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")) == "user rFN9xuswaNoubMmHZMco0s2tX6psdNet");
  BOOST_TEST(f.source->loads == 2);
}

BOOST_AUTO_TEST_CASE(looks_at_most_once_per_interval_whoever_asks) {
  Fixture f("");
  f.source->keys = sample_keys("ES256");
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")) == kUnknownKey);
  BOOST_TEST(f.source->loads == 1);
  for (int i = 0; i < 50; ++i) f.authenticate_token(sample_token(i % 2 == 0 ? "EdDSA" : "ES512"));
  f.now += kInterval - 1;
  f.authenticate_token(sample_token("EdDSA"));
  BOOST_TEST(f.source->loads == 1);
  f.now += 1;
  f.authenticate_token(sample_token("EdDSA"));
  BOOST_TEST(f.source->loads == 2);
  BOOST_TEST(f.authenticate_token(sample_token("ES256")).starts_with("user"));
}

BOOST_AUTO_TEST_CASE(a_look_that_finds_its_key_keeps_no_other_key_waiting) {
  Fixture f("");
  f.source->keys = sample_keys("EdDSA");
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")).starts_with("user"));
  // Made a moment later, by another process of the front end.
  BOOST_REQUIRE(f.source->keys.add_jwk_set(jwk_set_text(at(sample_file("ES256"), "jwks")), Algorithm::RS256));
  BOOST_TEST(f.authenticate_token(sample_token("ES256")).starts_with("user"));
  BOOST_TEST(f.source->loads == 2);
  BOOST_TEST(f.authenticate_token(sample_token("ES512")) == kUnknownKey);
  f.authenticate_token(sample_token("ES512"));
  BOOST_TEST(f.source->loads == 3);
}

BOOST_AUTO_TEST_CASE(looks_again_although_the_clock_was_set_back) {
  Fixture f("");
  f.authenticate_token(sample_token("EdDSA"));
  f.now -= 3'600;
  f.authenticate_token(sample_token("EdDSA"));
  BOOST_TEST(f.source->loads == 2);
}

BOOST_AUTO_TEST_CASE(lets_all_who_need_the_keys_wait_for_one_load) {
  Fixture f("");
  f.source->is_held = true;
  f.source->keys = sample_keys("EdDSA");
  std::string answers[5];
  for (int i = 0; i < 4; ++i) f.start("Bearer " + sample_token("EdDSA"), answers[i]);
  f.start("Bearer garbage", answers[4]);
  f.run();
  BOOST_TEST(answers[4] == sentence(TokenFault::not_a_jwt));  // does not wait
  BOOST_TEST(answers[0] == "");
  f.open_gate();
  f.run();
  for (int i = 0; i < 4; ++i) BOOST_TEST(answers[i] == "user rFN9xuswaNoubMmHZMco0s2tX6psdNet");
  BOOST_TEST(f.source->loads == 1);
}

BOOST_AUTO_TEST_CASE(looks_once_more_when_the_load_it_waited_for_began_too_early) {
  Fixture f("");
  f.source->is_held = true;
  std::string refreshed = f.refresh();  // under way, and will find nothing
  std::string answer;
  f.start("Bearer " + sample_token("EdDSA"), answer);
  f.run();
  BOOST_TEST(f.source->loads == 1);
  f.open_gate();
  // The key is written while the first load is on its way back.
  asio::post(f.loop, [&] { f.source->keys = sample_keys("EdDSA"); });
  f.run();
  BOOST_TEST(answer == "user rFN9xuswaNoubMmHZMco0s2tX6psdNet");
  BOOST_TEST(f.source->loads == 2);
}

BOOST_AUTO_TEST_CASE(follows_a_rotation_and_drops_the_key_that_is_gone) {
  Fixture f("");
  f.source->keys = sample_keys("EdDSA");
  f.refresh();
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")).starts_with("user"));
  f.source->keys = sample_keys("ES256");
  BOOST_TEST(f.authenticate_token(sample_token("ES256")).starts_with("user"));
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")) == kUnknownKey);  // and not from the cache
}

BOOST_AUTO_TEST_CASE(knows_the_secret_beside_the_keys_of_the_source) {
  Fixture f;
  f.source->keys = sample_keys("EdDSA");
  f.refresh();
  BOOST_TEST(f.authenticate_token(kToken) == "user alice");
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")).starts_with("user"));
}

BOOST_AUTO_TEST_CASE(answers_a_repeated_token_from_the_cache_until_it_expires) {
  Fixture f;
  for (int i = 0; i < 3; ++i) BOOST_TEST(f.authenticate_token(kToken) == "user alice");
  BOOST_TEST(read(f.metrics.token_cache_misses) == 1U);
  BOOST_TEST(read(f.metrics.token_cache_hits) == 2U);
  f.now = 1795245400;
  BOOST_TEST(f.authenticate_token(kToken) == "user alice");  // within the leeway, verified anew
  BOOST_TEST(read(f.metrics.token_cache_hits) == 2U);
  f.now = 1795245430;
  BOOST_TEST(f.authenticate_token(kToken) == sentence(TokenFault::expired));
}

BOOST_AUTO_TEST_CASE(never_remembers_a_refusal) {
  Fixture f("");
  const std::string token = sample_token("EdDSA");
  BOOST_TEST(f.authenticate_token(token) == kUnknownKey);
  f.source->keys = sample_keys("EdDSA");
  f.refresh();
  BOOST_TEST(f.authenticate_token(token).starts_with("user"));
  BOOST_TEST(read(f.metrics.token_cache_hits) == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_the_cache_when_a_refresh_finds_the_same_keys_and_clears_it_when_not) {
  Fixture f("");
  f.source->keys = sample_keys("EdDSA");
  f.refresh();
  f.authenticate_token(sample_token("EdDSA"));
  f.source->keys = sample_keys("EdDSA");
  f.refresh();
  f.authenticate_token(sample_token("EdDSA"));
  BOOST_TEST(read(f.metrics.token_cache_hits) == 1U);
  BOOST_REQUIRE(f.source->keys.add_jwk_set(jwk_set_text(at(sample_file("ES256"), "jwks")), Algorithm::RS256));
  f.refresh();
  f.authenticate_token(sample_token("EdDSA"));
  BOOST_TEST(read(f.metrics.token_cache_hits) == 1U);
}

BOOST_AUTO_TEST_CASE(keeps_the_known_keys_while_the_source_fails) {
  Fixture f("");
  f.source->keys = sample_keys("EdDSA");
  f.refresh();
  f.source->fails = true;
  BOOST_TEST(f.refresh() == "Keys cannot be read");
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")).starts_with("user"));
  BOOST_TEST(f.authenticate_token(sample_token("ES256")) == "Keys cannot be read");
  BOOST_TEST((f.error.type == ErrorType::service_unavailable), "its key may be a new one");
}

BOOST_AUTO_TEST_CASE(tells_whether_keys_are_read_and_looks_at_most_once_per_interval) {
  using enum Authenticator::KeyState;
  const auto look = [](Fixture& f) {
    auto state = read;
    const auto ask = [&]() -> asio::awaitable<void> {
      state = co_await f.authenticator.look_at_keys(asio::steady_timer::time_point::max());
    };
    asio::co_spawn(f.loop, ask, kRethrow);
    f.run();
    return state;
  };
  Fixture f("");
  f.source->fails = true;
  BOOST_TEST((look(f) == missing));
  f.source->fails = false;
  f.source->keys = sample_keys("EdDSA");
  BOOST_TEST((look(f) == missing), "it has just looked");
  f.now += kInterval;
  BOOST_TEST((look(f) == read));
  f.source->fails = true;
  f.now += kInterval;
  BOOST_TEST((look(f) == unreadable), "those known stay in force");
  BOOST_TEST(f.source->loads == 3);
  Fixture secret;
  secret.source->fails = true;
  BOOST_TEST((look(secret) == unreadable), "tokens of the secret go on");
}

BOOST_AUTO_TEST_CASE(is_unavailable_only_for_tokens_that_need_keys_it_could_not_read) {
  Fixture f;
  f.source->fails = true;
  f.refresh();
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")) == "Keys cannot be read");
  BOOST_TEST((f.error.type == ErrorType::service_unavailable));
  BOOST_TEST(f.failures() == 0U);
  BOOST_TEST(f.authenticate_token(kToken) == "user alice");
  f.source->fails = false;
  f.now += kInterval;
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")) == kUnknownKey);
}

BOOST_AUTO_TEST_CASE(leaves_no_one_waiting_when_a_load_throws) {
  Fixture f("");
  f.source->is_held = f.source->throws = true;
  std::string first, second;
  f.start("Bearer " + sample_token("EdDSA"), first);
  f.start("Bearer " + sample_token("EdDSA"), second);
  f.run();
  f.open_gate();
  BOOST_CHECK_THROW(f.run(), std::runtime_error);  // the one that loaded; the loop is the door
  f.run();
  BOOST_TEST(second == kUnknownKey);
  f.source->throws = false;
  BOOST_TEST(f.refresh() == "refreshed");
}

BOOST_AUTO_TEST_CASE(does_without_a_source) {
  asio::io_context loop;
  WorkerMetrics metrics{};
  Authenticator authenticator({kSecret}, nullptr, {}, 10, metrics, [] { return kNow; });
  int answers = 0;
  const auto ask = [&]() -> asio::awaitable<void> {
    const auto refreshed = co_await authenticator.refresh();
    BOOST_TEST(refreshed.has_value());
    const std::string header = "Bearer " + sample_token("EdDSA");
    const auto user = co_await authenticator.authenticate(header);
    BOOST_TEST(user.error().detail == kUnknownKey);
    ++answers;
  };
  asio::co_spawn(loop, ask, kRethrow);
  loop.run();
  BOOST_TEST(answers == 1);
}

BOOST_AUTO_TEST_CASE(checks_issuer_and_audience_by_its_rules) {
  const TokenRules rules{.issuer = "http://127.0.0.1:3951", .audience = "http://127.0.0.1:3951"};
  Fixture f(kSecret, rules);
  BOOST_TEST(f.authenticate_token(kToken) == sentence(TokenFault::wrong_issuer));
  f.source->keys = sample_keys("EdDSA");
  BOOST_TEST(f.authenticate_token(sample_token("EdDSA")).starts_with("user"));
}

BOOST_AUTO_TEST_SUITE_END()
