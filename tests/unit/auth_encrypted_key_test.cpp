// Private keys as real Better Auths have stored them.

#include "auth/encrypted_key.h"

#include <boost/test/unit_test.hpp>

#include "auth_fixtures.h"

using namespace tasklane;
using namespace fixtures;

BOOST_AUTO_TEST_SUITE(encrypted_key)

BOOST_AUTO_TEST_CASE(the_secret_that_encrypted_a_key_opens_it_and_no_other_does) {
  const std::string stored = text_at(read_json("better-auth/bearer.json"), "jwksRow.0.privateKey");
  BOOST_TEST(is_encrypted_key(stored));
  BOOST_TEST(opens_key(kSecret, stored));
  BOOST_TEST(opens_key(kSecret, "\"$ba$2$" + stored.substr(1)));
  BOOST_TEST(!opens_key(kSecret + "x", stored));
  BOOST_TEST(!opens_key(kSecret, "\"00" + stored.substr(3)));
}

BOOST_AUTO_TEST_CASE(what_is_no_encrypted_key_is_opened_by_nothing) {
  for (const char* text : {"", "\"\"", "\"$ba$\"", "\"abc\"", "\"zz\"", "00"})
    BOOST_TEST(!opens_key(kSecret, text));
}

BOOST_AUTO_TEST_CASE(a_key_in_clear_needs_no_secret) {
  BOOST_TEST(!is_encrypted_key(R"({"crv":"Ed25519"})"));
}

BOOST_AUTO_TEST_SUITE_END()
