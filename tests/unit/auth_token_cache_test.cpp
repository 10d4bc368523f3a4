#include <boost/test/unit_test.hpp>
#include <string>

#include "auth/token_cache.h"
#include "auth/token_issuer.h"
#include "auth_fixtures.h"

using namespace tasklane;
using namespace fixtures;

namespace {

VerifiedToken verified(const std::string& subject, UnixTime expires_at = kNow + 100) {
  const TokenClaims claims{
      .subject = subject, .issued_at = kNow, .expires_at = expires_at, .issuer = {}, .audience = {}};
  return TokenVerifier::verify(issue_token(claims, kSecret), secret_only(), {}, kNow).value();
}

std::string found(TokenCache& cache, std::string_view token, UnixTime now = kNow) {
  const VerifiedToken* const known = cache.find(token, now);
  return known != nullptr ? known->user.value() : "none";
}

void put(TokenCache& cache, const std::string& token, UnixTime expires_at = kNow + 100) {
  cache.put(token, verified("user of " + token, expires_at));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_cache)

BOOST_AUTO_TEST_CASE(finds_what_was_put_and_nothing_else) {
  TokenCache cache(10);
  BOOST_TEST(found(cache, "a") == "none");
  put(cache, "a");
  put(cache, "b");
  BOOST_TEST(found(cache, "a") == "user of a");
  BOOST_TEST(found(cache, "b") == "user of b");
  BOOST_TEST(found(cache, "A") == "none");
  BOOST_TEST(found(cache, "") == "none");
  BOOST_TEST(cache.size() == 2U);
}

BOOST_AUTO_TEST_CASE(forgets_a_token_in_the_second_it_expires) {
  TokenCache cache(10);
  put(cache, "a", kNow + 5);
  BOOST_TEST(found(cache, "a", kNow + 4) == "user of a");
  BOOST_TEST(found(cache, "a", kNow + 5) == "none");  // no leeway here
  BOOST_TEST(cache.size() == 0U);
}

BOOST_AUTO_TEST_CASE(never_holds_more_than_its_bound_and_drops_the_oldest_first) {
  TokenCache cache(3);
  for (const auto* token : {"a", "b", "c"}) put(cache, token);
  BOOST_TEST(found(cache, "a") == "user of a");  // being used does not make it younger
  put(cache, "d");
  BOOST_TEST(cache.size() == 3U);
  BOOST_TEST(found(cache, "a") == "none");
  put(cache, "e");
  BOOST_TEST(found(cache, "b") == "none");
  for (const auto* token : {"c", "d", "e"})
    BOOST_TEST(found(cache, token) == std::string("user of ") + token);
  for (int i = 0; i < 1'000; ++i) {
    put(cache, std::to_string(i));
    BOOST_REQUIRE_LE(cache.size(), 3U);
  }
  BOOST_TEST(found(cache, "996") == "none");
  for (const auto* token : {"997", "998", "999"})
    BOOST_TEST(found(cache, token) == std::string("user of ") + token);
}

BOOST_AUTO_TEST_CASE(keeps_its_place_when_the_same_token_is_put_again) {
  TokenCache cache(2);
  put(cache, "a");
  put(cache, "b");
  put(cache, "a");
  BOOST_TEST(cache.size() == 2U);
  put(cache, "c");
  BOOST_TEST(found(cache, "a") == "none");
  BOOST_TEST(found(cache, "b") == "user of b");
}

BOOST_AUTO_TEST_CASE(drops_the_right_entry_after_one_expired_and_came_back) {
  TokenCache cache(3);
  put(cache, "a", kNow + 1);
  put(cache, "b");
  BOOST_TEST(found(cache, "a", kNow + 1) == "none");
  put(cache, "a");  // at a new place; the first one is empty
  BOOST_TEST(cache.size() == 2U);
  put(cache, "c");  // takes a's first place
  for (const auto* token : {"a", "b", "c"})
    BOOST_TEST(found(cache, token) == std::string("user of ") + token);
  put(cache, "d");
  BOOST_TEST(found(cache, "b") == "none");
  put(cache, "e");
  BOOST_TEST(found(cache, "a") == "none");
  BOOST_TEST(cache.size() == 3U);
}

BOOST_AUTO_TEST_CASE(remembers_nothing_with_zero_entries) {
  TokenCache cache(0);
  put(cache, "a");
  BOOST_TEST(found(cache, "a") == "none");
  BOOST_TEST(cache.size() == 0U);
}

BOOST_AUTO_TEST_CASE(is_empty_and_usable_after_clear) {
  TokenCache cache(2);
  for (const auto* token : {"a", "b", "c"}) put(cache, token);
  cache.clear();
  BOOST_TEST(cache.size() == 0U);
  BOOST_TEST(found(cache, "c") == "none");
  for (const auto* token : {"c", "d", "e"}) put(cache, token);
  BOOST_TEST(found(cache, "c") == "none");
  BOOST_TEST(found(cache, "d") == "user of d");
  BOOST_TEST(found(cache, "e") == "user of e");
}

BOOST_AUTO_TEST_SUITE_END()
