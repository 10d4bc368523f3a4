// Numbers, blanks, lists and letters in short texts.

#include "base/text.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(a_number_is_all_of_its_text) {
  BOOST_TEST(parse_number<int>("0").value() == 0);
  BOOST_TEST(parse_number<int>("007").value() == 7);
  BOOST_TEST(parse_number<std::int64_t>("-9223372036854775808").value() == INT64_MIN);
  BOOST_TEST(parse_number<std::uint64_t>("18446744073709551615").value() == UINT64_MAX);
  BOOST_TEST(parse_number<unsigned>("0660", 8).value() == 0660U);
  for (const char* wrong : {"", " 1", "1 ", "+1", "1.0", "0x10", "1e3", "-", "one", "9223372036854775808"})
    BOOST_TEST(!parse_number<std::int64_t>(wrong).has_value(), wrong);
  BOOST_TEST(!parse_number<unsigned>("-1").has_value());
  BOOST_TEST(!parse_number<std::uint64_t>("18446744073709551616").has_value());
  BOOST_TEST(!parse_number<unsigned>("8", 8).has_value());
}

BOOST_AUTO_TEST_CASE(a_number_may_have_a_fraction_where_it_is_asked_for) {
  BOOST_TEST(parse_number<double>("0.25").value() == 0.25);
  BOOST_TEST(parse_number<double>("-3").value() == -3.0);
  for (const char* wrong : {"", " 1", "1s", "."}) BOOST_TEST(!parse_number<double>(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(a_number_at_the_front_is_taken_off) {
  std::string_view rest = "1.22x";
  BOOST_TEST(take_number<int>(rest).value() == 1);
  BOOST_TEST(rest == ".22x");
  BOOST_TEST(!take_number<int>(rest).has_value());
  BOOST_TEST(rest == ".22x");
  rest.remove_prefix(1);
  BOOST_TEST(take_number<int>(rest).value() == 22);
  BOOST_TEST(rest == "x");
}

BOOST_AUTO_TEST_CASE(a_part_ends_at_the_separator_and_the_last_one_at_the_end) {
  std::string_view rest = "a;;b";
  BOOST_TEST(take_until(rest, ';') == "a");
  BOOST_TEST(take_until(rest, ';') == "");
  BOOST_TEST(take_until(rest, ';') == "b");
  BOOST_TEST(rest.empty());
  BOOST_TEST(take_until(rest, ';') == "");
}

BOOST_AUTO_TEST_CASE(a_list_has_one_part_more_than_separators) {
  using Parts = std::vector<std::string>;
  BOOST_TEST((split("", ',') == Parts{""}));
  BOOST_TEST((split("a", ',') == Parts{"a"}));
  BOOST_TEST((split("a, b,", ',') == Parts{"a", " b", ""}));
  BOOST_TEST((split(",", ',') == Parts{"", ""}));
}

BOOST_AUTO_TEST_CASE(trims_blanks_at_the_ends_alone) {
  BOOST_TEST(trim(" \t a b\t ") == "a b");
  BOOST_TEST(trim(" \t") == "");
  BOOST_TEST(trim("") == "");
  BOOST_TEST(trim("a\r") == "a\r");
  BOOST_TEST(trim(" a\r", " \r") == "a");
  BOOST_TEST(trim_front("  a ", " ") == "a ");
  BOOST_TEST(trim_front("  a ", ' ') == "a ");
  BOOST_TEST(trim_front("  ", ' ') == "");
}

BOOST_AUTO_TEST_CASE(compares_ascii_letters_without_regard_to_case) {
  BOOST_TEST(equal_ignoring_case("Bearer", "bearer"));
  BOOST_TEST(equal_ignoring_case("UTF-8", "utf-8"));
  for (const char* other :
       {"", "bearer ", "beare", "\x42\x45\x41\x52\x45\x72\x72", "\x02\x05\x01\x12\x05\x12"})
    BOOST_TEST(!equal_ignoring_case(other, "bearer"), other);
  BOOST_TEST(!equal_ignoring_case("utf\r8", "utf-8"));  // '\r' is '-' but for the bit of the case
  BOOST_TEST(!equal_ignoring_case("[", "{"));
  BOOST_TEST(to_lower("ABC\xC3\x84 xyZ_1") == "abc\xC3\x84 xyz_1");
}

BOOST_AUTO_TEST_CASE(a_terminal_is_given_nothing_to_obey) {
  BOOST_TEST(printable("J\xC3\xBCrgen \xE2\x98\x95") == "J\xC3\xBCrgen \xE2\x98\x95");
  BOOST_TEST(printable("a\x1b[2J\r\n\x7f.") == "a?[2J???.");
  BOOST_TEST(printable("\xC2\x9B"
                       "2J\xC2\xA0") == "?2J\xC2\xA0",
             "CSI in one character");
  BOOST_TEST(printable("\xC2") == "\xC2");
}

BOOST_AUTO_TEST_SUITE_END()
