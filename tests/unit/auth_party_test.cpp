#include "auth/party.h"

#include <boost/test/unit_test.hpp>
#include <initializer_list>

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(party)

BOOST_AUTO_TEST_CASE(is_the_same_but_for_case_of_scheme_and_host_a_default_port_and_one_slash) {
  for (const auto* other : {"https://app.example", "https://app.example/", "HTTPS://app.example",
                            "https://App.EXAMPLE", "https://app.example:443", "https://app.example:443/",
                            "https://app.example:", "HTTPS://APP.example:443/"})
    BOOST_TEST(same_party("https://app.example", other), other);
  BOOST_TEST(same_party("http://[::1]:80/", "http://[::1]"));
  BOOST_TEST(same_party("http://[FD00::1]:3000", "http://[fd00::1]:3000/"));
  BOOST_TEST(same_party("https://id.example/realms/one/", "https://ID.example:443/realms/one"));
  BOOST_TEST(same_party("https://a@app.example/", "https://a@App.example"));
}

BOOST_AUTO_TEST_CASE(differs_in_everything_else) {
  for (const auto* other : {"",
                            "app.example",
                            "http://app.example",
                            "https://app.example:80",
                            "https://app.example:8443",
                            "https://app.example//",
                            "https://app.example/a",
                            "https://app.example/A",
                            "https://app.example?",
                            "https://app.example/?/",
                            "https://app.example/#",
                            "https://app.example.",
                            "https://b.app.example",
                            "https://app.example.evil",
                            "https://A@app.example",
                            "https:/app.example",
                            "https//app.example",
                            " https://app.example",
                            "https://app.example ",
                            "https://app.example\\",
                            "https://app.example%2F",
                            "https://app.example:0443",
                            "1https://app.example",
                            "//app.example"})
    BOOST_TEST(!same_party("https://app.example", other), other);
  BOOST_TEST(!same_party("https://id.example/realms/one", "https://id.example/realms/two"));
  BOOST_TEST(!same_party("https://id.example/realms/one", "https://id.example/Realms/one"));
  BOOST_TEST(!same_party("https://id.example/a//", "https://id.example/a"));
  BOOST_TEST(!same_party("https://id.example/?a=/", "https://id.example/?a="));
  BOOST_TEST(!same_party("http://app.example:443", "http://app.example"));
  BOOST_TEST(!same_party("https://a@app.example", "https://A@app.example"));
}

// The default port of a scheme that is not known here, and the case of what is no URL.
BOOST_AUTO_TEST_CASE(is_compared_as_it_stands_when_it_is_no_url) {
  BOOST_TEST(same_party("tasks", "tasks"));
  BOOST_TEST(!same_party("tasks", "Tasks"));
  BOOST_TEST(!same_party("tasks", "tasks/"));
  BOOST_TEST(!same_party("urn:tasks:API", "urn:tasks:api"));
  BOOST_TEST(!same_party("://a/", "://a"));
  BOOST_TEST(same_party("API://Tasks", "api://tasks/"));
}

BOOST_AUTO_TEST_SUITE_END()
