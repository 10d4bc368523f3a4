// Strings are looked at in blocks of 16 and 8 bytes and, where something has to be escaped, byte by byte:
// every way through that, at every offset. Texts and buffers have exactly their size, for the address
// sanitizer to see.

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "json/json_reader.h"
#include "json/json_text.h"

using namespace tasklane;

namespace {

std::string written(std::string_view text, std::size_t expected_bytes = 0) {
  const std::vector<char> exactly(text.begin(), text.end());
  JsonText json(expected_bytes);
  json.string({exactly.data(), exactly.size()});
  return json.take();
}

// RFC 8259 section 7, a byte at a time.
std::string expected(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const std::size_t at = std::string_view("\"\\\b\f\n\r\t").find(c);
    if (at != std::string_view::npos) {
      json += {'\\', "\"\\bfnrt"[at]};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += std::string("\\u00") + (c < 0x10 ? '0' : '1') + "0123456789abcdef"[c & 15];
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(escapes_what_json_wants_escaped_and_nothing_else) {
  BOOST_TEST(written("\"\\\b\f\n\r\t\x01\x1F\x7F/<>&'") == R"("\"\\\b\f\n\r\t\u0001\u001f)"
                                                           "\x7F/<>&'\"");
  BOOST_TEST(written("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xE2\x80\xA8") ==
             "\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xE2\x80\xA8\"");
  BOOST_TEST(written("") == "\"\"");
}

BOOST_AUTO_TEST_CASE(every_byte_is_itself_or_its_escape_at_every_offset_of_every_length) {
  for (int byte = 0; byte <= 0xFF; ++byte) {
    for (std::size_t size = 1; size <= 40; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        if (written(text) != expected(text))
          BOOST_TEST_CONTEXT(byte << " at " << at << " of " << size) BOOST_ERROR("");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(several_escapes_at_any_distance_from_each_other) {
  for (std::size_t first = 0; first <= 40; ++first) {
    for (std::size_t between = 0; between <= 40; ++between) {
      const std::string text = std::string(first, 'x') + '\n' + std::string(between, 'y') + '"' + "\xC3\xA9";
      BOOST_REQUIRE_EQUAL(written(text), expected(text));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_buffer_may_end_anywhere) {
  const std::string text = "A text of some length,\nwith an escape in its middle and \"more\" behind it";
  for (std::size_t bytes = 0; bytes <= text.size() + 16; ++bytes) {
    BOOST_REQUIRE_EQUAL(written(text, bytes), expected(text));
    JsonText json(bytes);
    for (std::int64_t number = -12; number <= 12; ++number) json.integer(number), json.raw(",");
    BOOST_REQUIRE_EQUAL(json.take(), "-12,-11,-10,-9,-8,-7,-6,-5,-4,-3,-2,-1,0,1,2,3,4,5,6,7,8,9,10,11,12,");
  }
}

BOOST_AUTO_TEST_CASE(a_reader_reads_what_was_written) {
  std::string text;
  for (int c = 1; c < 0x80; ++c) text += static_cast<char>(c);
  for (std::size_t skip = 0; skip < 20; ++skip) {
    const std::string part = text.substr(skip) + "\xC3\xA9\"\xF0\x9F\x98\x80\\" + text.substr(0, skip);
    BOOST_TEST(*parse_json(written(part)).value().string() == part);
  }
}

BOOST_AUTO_TEST_CASE(escapes_text_that_consists_of_nothing_else) {
  const std::string text(10'000, '\x01');
  BOOST_TEST((written(text) == expected(text)));
}

BOOST_AUTO_TEST_CASE(hands_its_buffer_over_without_copying_it) {
  JsonText json(4096);
  json.string(std::string(2'000, 'x'));
  const std::string taken = json.take();
  BOOST_TEST(taken.size() == 2'002U);
  BOOST_TEST(taken.capacity() >= 4096U);  // the buffer itself: a copy would be as small as its content
  json.raw("1");                          // and begins anew
  BOOST_TEST(json.take() == "1");
}

BOOST_AUTO_TEST_SUITE_END()
