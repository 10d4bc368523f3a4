// Percent-encoding and query parameters.

#include <boost/test/unit_test.hpp>

#include "http/router.h"

using namespace tasklane;

namespace {

std::string parameter(std::string_view query, std::string_view name) {
  return query_parameter(query, name).value_or("(none)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(query)

BOOST_AUTO_TEST_CASE(decodes_escapes_of_either_case) {
  BOOST_TEST(percent_decode("%41%6a%6A%2f%2F").value() == "Ajj//");
  BOOST_TEST(percent_decode("").value() == "");
  BOOST_TEST(percent_decode("100%25").value() == "100%");
  BOOST_TEST(percent_decode("%2541").value() == "%41");  // once, never twice
  BOOST_TEST(percent_decode("a+b").value() == "a+b");
  BOOST_TEST(percent_decode("%00").value() == std::string(1, '\0'));
}

BOOST_AUTO_TEST_CASE(refuses_broken_escapes) {
  for (const char* text : {"%", "%4", "a%", "a%4", "%%41", "%4%31", "%zz", "%-1", "% 1", "%+1", "%1g", "%0x"})
    BOOST_TEST(!percent_decode(text), text);
}

BOOST_AUTO_TEST_CASE(finds_a_parameter_among_others) {
  BOOST_TEST(parameter("a=1&status=active&b=2", "status") == "active");
  BOOST_TEST(parameter("status=active", "status") == "active");
  BOOST_TEST(parameter("&&status=active&&", "status") == "active");
  BOOST_TEST(parameter("xstatus=active&statusx=active", "status") == "(none)");
  BOOST_TEST(parameter("", "status") == "(none)");
  BOOST_TEST(parameter("a=status=active", "status") == "(none)");
  BOOST_TEST(parameter("Status=active", "status") == "(none)");
}

BOOST_AUTO_TEST_CASE(takes_the_last_of_several) {
  BOOST_TEST(parameter("status=active&status=completed", "status") == "completed");
  BOOST_TEST(parameter("status=active&status", "status") == "");
}

BOOST_AUTO_TEST_CASE(decodes_names_and_values_as_forms_do) {
  BOOST_TEST(parameter("st%61tus=act%69ve", "status") == "active");
  BOOST_TEST(parameter("q=a+b%2Bc", "q") == "a b+c");
  BOOST_TEST(parameter("q=a%26b%3Dc", "q") == "a&b=c");
  BOOST_TEST(parameter("q=a=b", "q") == "a=b");
}

BOOST_AUTO_TEST_CASE(knows_an_empty_value_from_a_missing_one) {
  BOOST_TEST(parameter("status=", "status") == "");
  BOOST_TEST(parameter("status", "status") == "");
  BOOST_TEST(parameter("=active", "status") == "(none)");
}

BOOST_AUTO_TEST_CASE(keeps_a_broken_escape_as_sent) {
  BOOST_TEST(parameter("q=100%", "q") == "100%");
  BOOST_TEST(parameter("q=%zz", "q") == "%zz");
}

BOOST_AUTO_TEST_CASE(lists_all_parameters_in_their_order) {
  const auto all = query_parameters("b=1&&a=x+y%26&b=&c");
  BOOST_REQUIRE(all.size() == 5U);
  BOOST_TEST((all[0] == std::pair<std::string, std::string>("b", "1")));
  BOOST_TEST((all[1] == std::pair<std::string, std::string>("", "")));
  BOOST_TEST((all[2] == std::pair<std::string, std::string>("a", "x y&")));
  BOOST_TEST((all[4] == std::pair<std::string, std::string>("c", "")));
}

BOOST_AUTO_TEST_CASE(escapes_what_it_reads_back) {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  BOOST_TEST((parameter("q=" + percent_encode(text), "q") == text));
  BOOST_TEST(percent_encode("a b&\xC3\xA9+") == "a%20b%26%C3%A9%2B");
}

BOOST_AUTO_TEST_CASE(a_path_in_a_header_has_nothing_but_what_uris_have) {
  BOOST_TEST(path_as_uri("/api/auth0%7Calice/tasks/") == "/api/auth0%7Calice/tasks/");
  BOOST_TEST(path_as_uri("/api/a>\"\xC3\xA9<b/tasks") == "/api/a%3E%22%C3%A9%3Cb/tasks");
}

BOOST_AUTO_TEST_SUITE_END()
