#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "json/json_reader.h"
#include "json/json_writer.h"

using namespace tasklane;

namespace {

std::string written(std::string_view text) {
  JsonWriter writer;
  writer.string(text);
  return writer.take();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_writer)

BOOST_AUTO_TEST_CASE(writes_members_in_order_with_commas_and_colons) {
  JsonWriter writer(1);  // grows from a small buffer
  writer.begin_object();
  writer.member("id", std::int64_t{7});
  writer.member("small", 1);
  writer.member("title", "Buy milk");
  writer.member("completed", false);
  writer.key("description");
  writer.null();
  writer.key("list");
  writer.begin_array();
  writer.integer(-1);
  writer.begin_object();
  writer.end_object();
  writer.begin_array();
  writer.end_array();
  writer.boolean(true);
  writer.end_array();
  writer.end_object();
  BOOST_TEST(writer.take() == R"({"id":7,"small":1,"title":"Buy milk","completed":false,"description":null,)"
                              R"("list":[-1,{},[],true]})");
}

BOOST_AUTO_TEST_CASE(writes_all_64_bit_integers) {
  JsonWriter writer;
  writer.begin_array();
  writer.integer(std::numeric_limits<std::int64_t>::min());
  writer.integer(std::numeric_limits<std::int64_t>::max());
  writer.integer(0);
  writer.end_array();
  BOOST_TEST(writer.take() == "[-9223372036854775808,9223372036854775807,0]");
}

BOOST_AUTO_TEST_CASE(is_empty_and_usable_again_after_take) {
  JsonWriter writer(4);
  writer.begin_array();
  writer.string("first");
  writer.end_array();
  BOOST_TEST(writer.take() == R"(["first"])");
  BOOST_TEST(writer.take().empty());
  writer.begin_object();
  writer.member("second", 2);
  writer.end_object();
  BOOST_TEST(writer.take() == R"({"second":2})");
}

BOOST_AUTO_TEST_CASE(escapes_what_json_wants_escaped_and_nothing_else) {
  BOOST_TEST(written("\"\\\b\f\n\r\t\x01\x1F\x7F/<>&'") == R"("\"\\\b\f\n\r\t\u0001\u001f)"
                                                           "\x7F/<>&'\"");
  BOOST_TEST(written("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xE2\x80\xA8") ==
             "\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xE2\x80\xA8\"");
}

// RapidJSON 1.1 with SSE2 lets U+001A to U+001F through when they stand in the middle of a long string.
BOOST_AUTO_TEST_CASE(escapes_every_control_character_at_every_offset) {
  for (int c = 0; c < 0x20; ++c) {
    for (std::size_t before = 0; before <= 33; ++before) {
      const std::string text = std::string(before, 'x') + static_cast<char>(c) + std::string(33, 'y');
      const std::string json = written(text);
      for (const char byte : json) BOOST_REQUIRE_GE(static_cast<unsigned char>(byte), 0x20);
      if (c != 0) BOOST_TEST(*parse_json(json).value().string() == text);
    }
  }
}

BOOST_AUTO_TEST_CASE(gives_back_any_text_it_was_given) {
  std::string text;
  for (int c = 1; c < 0x80; ++c) text += static_cast<char>(c);
  for (std::size_t skip = 0; skip < 20; ++skip) {
    const std::string part = text.substr(skip) + "\xC3\xA9\"\xF0\x9F\x98\x80\\" + text.substr(0, skip);
    BOOST_TEST(*parse_json(written(part)).value().string() == part);
  }
}

BOOST_AUTO_TEST_CASE(escapes_text_that_consists_of_nothing_else) {
  std::string expected = "\"";
  for (int i = 0; i < 10'000; ++i) expected += "\\u0001";
  BOOST_TEST((written(std::string(10'000, '\x01')) == expected + '"'));
  BOOST_TEST(written("") == "\"\"");
}

BOOST_AUTO_TEST_CASE(hands_its_buffer_over_without_copying_it) {
  JsonWriter writer(4096);
  const std::string text(2'000, 'x');
  writer.string(text);
  const std::string json = writer.take();
  BOOST_TEST(json.size() == 2'002U);
  BOOST_TEST(json.capacity() >= 4096U);  // the buffer itself: a copy would be as small as its content
}

BOOST_AUTO_TEST_SUITE_END()
