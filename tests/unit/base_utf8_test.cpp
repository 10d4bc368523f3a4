// UTF-8: counting, and white space at the ends.

#include "base/utf8.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

using namespace tasklane;
using namespace std::string_literals;

namespace {

// Unicode 15, PropList.txt, White_Space, spelled out once more.
constexpr const char* kWhiteSpace[] = {
    "\x09",         "\x0A",         "\x0B",         "\x0C",         "\x0D",
    "\x20",         "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80",
    "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85",
    "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

}  // namespace

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(counts_code_points) {
  BOOST_TEST(count_code_points("").value() == 0U);
  BOOST_TEST(count_code_points("abc").value() == 3U);
  BOOST_TEST(count_code_points("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80").value() == 8U);
  BOOST_TEST(count_code_points("0123456789abcdef\xC3\xA9 123456789").value() == 27U);
  BOOST_TEST(count_code_points("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"
                               "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")
                 .value() == 9U);
}

BOOST_AUTO_TEST_CASE(counts_nothing_in_ill_formed_text_at_any_offset) {
  for (const auto& bytes :
       {"\0"s, "\x80"s, "\xC0\x80"s, "\xC1\xBF"s, "\xC3"s, "\xE2\x82"s, "\xE0\x9F\xBF"s, "\xED\xA0\x80"s,
        "\xF0\x8F\xBF\xBF"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xFF"s}) {
    for (std::size_t before = 0; before <= 17; ++before) {
      const std::string prefix(before, 'x');
      BOOST_TEST(!count_code_points(prefix + bytes).has_value());
      BOOST_TEST(!count_code_points(prefix + bytes + std::string(9, 'x')).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(measures_the_sequence_at_the_front_and_none_that_is_ill_formed) {
  for (const auto& [bytes, length] :
       {std::pair("\0"s, 1U), std::pair("a\x80"s, 1U), std::pair("\xC3\xA9\xC3"s, 2U),
        std::pair("\xE2\x82\xAC"s, 3U), std::pair("\xF0\x9F\x98\x80"s, 4U), std::pair("\x80"s, 0U),
        std::pair("\xC1\xBF"s, 0U), std::pair("\xC3"s, 0U), std::pair("\xE0\x9F\xBF"s, 0U),
        std::pair("\xED\xA0\x80"s, 0U), std::pair("\xF0\x9F\x98"s, 0U), std::pair("\xF4\x90\x80\x80"s, 0U)})
    BOOST_TEST(utf8_sequence_length(bytes) == length, bytes);
}

BOOST_AUTO_TEST_CASE(trims_each_of_the_25_white_space_code_points) {
  BOOST_TEST(std::size(kWhiteSpace) == 25U);
  std::string all;
  for (const std::string space : kWhiteSpace) {
    BOOST_TEST(trim_white_space(space + "x" + space) == "x");
    BOOST_TEST(trim_white_space(space + space) == "");
    BOOST_TEST(trim_white_space("x" + space + "y") == "x" + space + "y");
    all += space;
  }
  BOOST_TEST(trim_white_space(all + "\xC3\xA9" + all) == "\xC3\xA9");
}

BOOST_AUTO_TEST_CASE(trims_nothing_else) {
  for (int point = 1; point <= 0x10FFFF; ++point) {
    if (point >= 0x3100 && point < 0x10FF00) point = 0x10FF00;  // no white space there; the ends suffice
    std::string text;
    if (point < 0x80) {
      text = static_cast<char>(point);
    } else if (point < 0x800) {
      text = {static_cast<char>(0xC0 | point >> 6), static_cast<char>(0x80 | (point & 0x3F))};
    } else if (point < 0x10000) {
      text = {static_cast<char>(0xE0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3F)),
              static_cast<char>(0x80 | (point & 0x3F))};
    } else {
      text = {static_cast<char>(0xF0 | point >> 18), static_cast<char>(0x80 | (point >> 12 & 0x3F)),
              static_cast<char>(0x80 | (point >> 6 & 0x3F)), static_cast<char>(0x80 | (point & 0x3F))};
    }
    const bool listed = std::ranges::find(kWhiteSpace, text) != std::end(kWhiteSpace);
    if (trim_white_space(text).empty() != listed) BOOST_TEST_CONTEXT(point) BOOST_ERROR("trimmed wrongly");
  }
}

BOOST_AUTO_TEST_SUITE_END()
