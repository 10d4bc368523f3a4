#include "base/secret_versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/test/unit_test.hpp>
#include <utility>

#include "base/limits.h"

using namespace tasklane;

namespace {

const std::string kNew(32, 'n'), kOld(40, 'o');

std::string versions(std::string_view text) {
  std::string told;
  for (const auto& [number, secret] : read_secret_versions(text).versions)
    told += fmt::format("{}={} ", number, secret);
  return told;
}

std::string mistakes(std::string_view text) {
  return fmt::format("{}", fmt::join(read_secret_versions(text).mistakes, "; "));
}

std::string names(const Config& config) {
  std::string told;
  for (const auto& [name, value] : token_secrets(config)) told += fmt::format("{}={} ", name, value);
  return told;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_versions)

BOOST_AUTO_TEST_CASE(are_read_in_their_order_without_blanks_around_them) {
  for (const char* form : {"2:{},1:{}", " 2:{} , 1:{}\t", "2 : {},\t1: {}", "02:{},1:{}"}) {
    const std::string text = fmt::format(fmt::runtime(form), kNew, kOld);
    BOOST_TEST(mistakes(text) == "", text);
    BOOST_TEST(versions(text) == "2=" + kNew + " 1=" + kOld + " ", text);
  }
  BOOST_TEST(versions("0:" + kNew + "==:" + kOld) == "0=" + kNew + "==:" + kOld + " ");  // one colon counts
}

// frontend/tests/secrets.test.ts has the same for the web app.
BOOST_AUTO_TEST_CASE(are_judged_one_by_one) {
  const std::string form =
      " must be VERSION:SECRET with a whole number as version; a secret in it has no comma";
  const std::string few = " bytes; at least 32 are needed (openssl rand -base64 32 makes one)";
  for (const auto& [text, said] : {
           std::pair(kNew, "entry 1" + form),
           {"2:" + kNew + ",", "entry 2" + form},
           {"2:" + kNew + ",," + "1:" + kOld, "entry 2" + form},
           {"-1:" + kNew, "entry 1" + form},
           {"2x:" + kNew, "entry 1" + form},
           {":" + kNew, "entry 1" + form},
           {"1234567890:" + kNew, "entry 1" + form},
           {"2:" + kNew + ",1:" + kNew + "," + kNew, "entry 3" + form},
           {"2:" + kNew + ",1:short", "version 1 has 5" + few},
           {"2:,1:" + kOld, "version 2 has 0" + few},
           {"2:" + kNew + ",02:" + kOld, "has version 2 twice"},
           {"2:better-auth-secret-12345678901234567890,1:" + kOld,
            "version 2 is Better Auth's own published default; make another one: openssl rand -base64 32"},
           {"1:short,1:" + kOld + ",x", "version 1 has 5" + few + "; has version 1 twice; entry 3" + form},
       }) {
    BOOST_TEST(mistakes(text) == said, text);
  }
}

BOOST_AUTO_TEST_CASE(are_as_many_as_their_limit) {
  std::string text = "0:" + kNew;
  for (std::size_t number = 1; number < limits::kSecretVersionsMax; ++number)
    text += fmt::format(",{}:{}", number, kNew);
  BOOST_TEST(mistakes(text) == "");
  BOOST_TEST(mistakes(text + ",99:" + kNew) == "has more than 8 versions");
}

BOOST_AUTO_TEST_CASE(come_before_the_secret_of_before_there_were_any) {
  Config config{};
  BOOST_TEST(names(config) == "");
  config.better_auth_secret = kOld;
  BOOST_TEST(names(config) == "BETTER_AUTH_SECRET=" + kOld + " ");
  config.better_auth_secrets = "2:" + kNew;
  BOOST_TEST(names(config) == "BETTER_AUTH_SECRETS version 2=" + kNew + " BETTER_AUTH_SECRET=" + kOld + " ");
  config.better_auth_secrets += ",1:" + kOld;
  BOOST_TEST(names(config) ==
             "BETTER_AUTH_SECRETS version 2=" + kNew + " BETTER_AUTH_SECRETS version 1=" + kOld + " ");
}

BOOST_AUTO_TEST_SUITE_END()
