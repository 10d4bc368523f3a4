#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ctime>
#include <limits>
#include <random>
#include <string>

#include "base/limits.h"
#include "json/json_reader.h"

using namespace tasklane;
using namespace std::string_literals;

namespace {

std::string refusal(std::string_view text) {
  const auto value = parse_json(text);
  return value ? "accepted" : value.error();
}

bool mentions(const std::string& sentence, std::string_view words) {
  return sentence.contains(words);
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_reader)

BOOST_AUTO_TEST_CASE(reads_every_kind_of_value) {
  const auto value =
      parse_json(R"( {"a": null, "b": true, "c": -12, "d": 1.5, "e": "x", "f": [1, {}], "": false} )");
  BOOST_REQUIRE(value);
  BOOST_TEST(value->find("a")->is_null());
  BOOST_TEST(*value->find("b")->boolean());
  BOOST_TEST(*value->find("c")->integer() == -12);
  BOOST_TEST(*value->find("c")->number() == -12.0);
  BOOST_TEST(*value->find("d")->number() == 1.5);
  BOOST_TEST((value->find("d")->integer() == nullptr));
  BOOST_TEST(*value->find("e")->string() == "x");
  BOOST_TEST(value->find("f")->array()->size() == 2U);
  BOOST_TEST((value->find("f")->array()->at(1).object() != nullptr));
  BOOST_TEST(!*value->find("")->boolean());
  BOOST_TEST((value->find("g") == nullptr));
  BOOST_TEST((value->find("e")->find("x") == nullptr));
  BOOST_TEST(value->object()->front().first == "a");  // in the order sent
}

BOOST_AUTO_TEST_CASE(takes_any_value_at_the_top) {
  for (const auto* text : {"null", "true", "0", "\"\"", "[]", "{}", " \t\r\n1\n"}) {
    BOOST_TEST(refusal(text) == "accepted", text);
  }
}

BOOST_AUTO_TEST_CASE(decodes_escapes_and_surrogate_pairs) {
  const auto value = parse_json(R"(["\"\\\/\b\f\n\r\t", "\u00e9", "\uD83D\uDE00", "\u20ac"])");
  BOOST_REQUIRE(value);
  BOOST_TEST(*value->array()->at(0).string() == "\"\\/\b\f\n\r\t");
  BOOST_TEST(*value->array()->at(1).string() == "\xC3\xA9");
  BOOST_TEST(*value->array()->at(2).string() == "\xF0\x9F\x98\x80");
  BOOST_TEST(*value->array()->at(3).string() == "\xE2\x82\xAC");
}

BOOST_AUTO_TEST_CASE(reads_integers_exactly_up_to_63_bits_and_beyond_as_doubles) {
  const auto value = parse_json("[9223372036854775807, -9223372036854775808, 9223372036854775808, -0, 1e2]");
  BOOST_REQUIRE(value);
  BOOST_TEST(*value->array()->at(0).integer() == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(*value->array()->at(1).integer() == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST((value->array()->at(2).integer() == nullptr));
  BOOST_TEST(*value->array()->at(2).number() == 9223372036854775808.0);
  BOOST_TEST(*value->array()->at(3).integer() == 0);
  BOOST_TEST((value->array()->at(4).integer() == nullptr));
  BOOST_TEST(*value->array()->at(4).number() == 100.0);
}

BOOST_AUTO_TEST_CASE(rounds_decimals_to_the_nearest_double) {
  const auto value = parse_json("[0.1, 1795244556.999, 2.2250738585072011e-308, 1e-400]");
  BOOST_REQUIRE(value);
  BOOST_TEST(*value->array()->at(0).number() == 0.1);
  BOOST_TEST(*value->array()->at(1).number() == 1795244556.999);
  BOOST_TEST(*value->array()->at(2).number() == 2.2250738585072011e-308);
  BOOST_TEST(*value->array()->at(3).number() == 0.0);
}

// RFC 8259 section 6 leaves the range to whoever reads them.
BOOST_AUTO_TEST_CASE(a_number_outside_a_double_is_valid_and_has_no_value) {
  for (const auto& text : {"1e309"s, "-1e400"s, "1.7976931348623159e308"s, "1" + std::string(400, '0')}) {
    const auto value = parse_json(text);
    BOOST_REQUIRE(value);
    BOOST_TEST(!value->number().has_value(), text);
    BOOST_TEST(!value->is_null());
  }
  const auto value = parse_json(R"({"a": "1e309 \" 1e309", "b": [1e309,-1.5E+400], "c": 7, "1e309": 2})");
  BOOST_REQUIRE(value);
  BOOST_TEST(*value->find("a")->string() == "1e309 \" 1e309");
  BOOST_TEST(value->find("b")->array()->size() == 2U);
  BOOST_TEST(*value->find("c")->integer() == 7);
  BOOST_TEST(*value->find("1e309")->integer() == 2);
  for (const char* text : {"01e309", "1e309x", "1e309 1", "[1e309", "{1e309: 1}", "-", "1.e309", "1e309e1",
                           "--1e309", "[1e309, 0x1p9999]", "[1e309, 1e]", "\"1e309"})
    BOOST_TEST(mentions(refusal(text), "not valid JSON"), text);
  BOOST_TEST(parse_json("1.7976931348623157e308")->number().has_value());
}

// RapidJSON 1.1 adds the two in an int and reads a table at the overflowed sum.
BOOST_AUTO_TEST_CASE(survives_an_exponent_that_overflows_with_its_fraction) {
  BOOST_TEST(refusal("0.0000000001e-2147483639") == "accepted");
  BOOST_TEST(refusal("0." + std::string(5000, '0') + "1e-2147483639") == "accepted");
  BOOST_TEST(refusal("0.1e-99999999999999999999") == "accepted");
  BOOST_TEST(refusal("1e99999999999999999999") == "accepted");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_json_number) {
  for (const auto* text :
       {"01", "+1", ".5", "1.", "1e", "1e+", "-", "0x10", "NaN", "Infinity", "-Infinity", "1_0"}) {
    BOOST_TEST(mentions(refusal(text), "not valid JSON"), text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_broken_syntax_and_says_where) {
  BOOST_TEST(refusal("{\"title\" \"x\"}") == "Body is not valid JSON: a colon is missing at offset 9");
  BOOST_TEST(refusal("") == "Body is not valid JSON: it is empty at offset 0");
  for (const auto* text :
       {"{",   "[",   "[1",    "[1,]",    "{\"a\":1,}",  "{a:1}",   "{'a':1}",  "[1 2]",    "{\"a\"}",
        "tru", "nul", "\"abc", "\"\\x\"", "\"\\u12g4\"", "// c\n1", "/* c */1", "\"a\nb\"", "\"a\tb\"",
        "]",   "}",   ",",     ":",       "{\"a\":}",    "[[]",     "\v1"}) {
    BOOST_TEST(mentions(refusal(text), "not valid JSON"), text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_every_raw_control_character_in_a_string) {
  for (int c = 0; c < 0x20; ++c) {
    for (const std::size_t before : {0U, 7U, 16U, 40U}) {
      const std::string text =
          '"' + std::string(before, 'x') + static_cast<char>(c) + std::string(40, 'x') + '"';
      BOOST_TEST(mentions(refusal(text), "not valid JSON"), "U+" << c << " after " << before);
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_trailing_bytes) {
  for (const auto& text : {"{} x"s, "{}{}"s, "1 2"s, "[]]"s, "null,"s}) {
    BOOST_TEST(mentions(refusal(text), "more after the end"), text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_raw_nul_anywhere) {
  for (const auto& text : {"{}\0"s, "{}\0{}"s, "\0{}"s, "{\0}"s, "[1,\0 2]"s, "\"a\0b\""s, "\0"s, "1\0"s,
                           "{\"a\0b\":1}"s, "{} \0 x"s}) {
    BOOST_TEST(mentions(refusal(text), "raw NUL"), text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_an_escaped_nul_in_values_and_keys) {
  BOOST_TEST(mentions(refusal(R"({"title":"ab\u0000cd"})"), "U+0000"));
  BOOST_TEST(mentions(refusal(R"({"ti\u0000tle":"ab"})"), "U+0000"));
  BOOST_TEST(mentions(refusal(R"({"unknown":{"deep":["\u0000"]}})"), "U+0000"));
}

BOOST_AUTO_TEST_CASE(refuses_a_byte_order_mark) {
  BOOST_TEST(mentions(refusal("\xEF\xBB\xBF{}"), "byte order mark"));
  BOOST_TEST(refusal("[\"\xEF\xBB\xBF\"]") == "accepted");  // inside a string it is a character
}

BOOST_AUTO_TEST_CASE(refuses_lone_surrogates) {
  for (const auto* text :
       {R"("\uD800")", R"("\uDBFFx")", R"("\uDC00")", R"("x\uDFFFx")", R"("\uD83D\uD83D")",
        R"("\uD83D\u0041")", R"("\uDE00\uD83D")", R"("\uD83D\\uDE00")", R"("\uD83Dx")", R"({"\uDC00":1})"}) {
    BOOST_TEST(mentions(refusal(text), "surrogate"), text);
  }
  BOOST_TEST(refusal(R"("\uD7FF\uE000\uFFFF")") == "accepted");
  BOOST_TEST(refusal("\"\xED\x95\x9C\xEA\xB5\xAD\"") == "accepted");  // Hangul begins with ED too
}

BOOST_AUTO_TEST_CASE(refuses_invalid_utf8) {
  for (const auto* bytes : {"\x80",
                            "\xBF",
                            "\xC0\x80",
                            "\xC1\xBF",
                            "\xC3",
                            "\xC3(",
                            "\xE2\x82",
                            "\xE0\x80\x80",
                            "\xE0\x9F\xBF",
                            "\xED\xA0\x80",
                            "\xED\xBF\xBF",
                            "\xF0\x80\x80\x80",
                            "\xF0\x8F\xBF\xBF",
                            "\xF4\x90\x80\x80",
                            "\xF5\x80\x80\x80",
                            "\xFE",
                            "\xFF",
                            "\xF0\x9F\x98",
                            "\xC3\xC3\xA9",
                            "caf\xE9"}) {
    BOOST_TEST(mentions(refusal("\""s + bytes + "\""), "not valid JSON"), bytes);
    BOOST_TEST(mentions(refusal("{\""s + bytes + "\":1}"), "not valid JSON"), bytes);
    BOOST_TEST(mentions(refusal("\""s + bytes), "not valid JSON"), bytes);  // cut off in the middle
  }
}

BOOST_AUTO_TEST_CASE(refuses_duplicate_keys_at_every_level) {
  BOOST_TEST(refusal(R"({"title":"a","title":"b"})") == "Body has the key \"title\" more than once");
  BOOST_TEST(mentions(refusal(R"([{"x":{"a":1,"b":2,"a":1}}])"), "more than once"));
  BOOST_TEST(mentions(refusal(R"({"a":1,"\u0061":2})"), "more than once"));  // the same key, escaped
  BOOST_TEST(mentions(refusal("{\"" + std::string(5000, 'k') + "\":1,\"" + std::string(5000, 'k') + "\":2}"),
                      "a key more than once"));
  BOOST_TEST(refusal(R"({"a":{"b":1},"b":{"a":1}})") == "accepted");
}

BOOST_AUTO_TEST_CASE(finds_a_duplicate_among_many_keys_without_quadratic_cost) {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  const auto before = std::clock();
  BOOST_TEST(refusal(text + "\"last\":1}") == "accepted");
  BOOST_TEST(refusal(text + "\"k77\":1}") == "Body has the key \"k77\" more than once");
  // Comparing all pairs twice would take seconds: of the processor, so that a busy machine counts for
  // nothing.
  BOOST_TEST(std::clock() - before < CLOCKS_PER_SEC);
}

BOOST_AUTO_TEST_CASE(refuses_nesting_past_the_limit_however_deep) {
  BOOST_TEST(refusal(nested(limits::kJsonDepthMax)) == "accepted");
  BOOST_TEST(mentions(refusal(nested(limits::kJsonDepthMax + 1)), "nested deeper than 8"));
  BOOST_TEST(mentions(refusal(nested(1'000'000)), "nested deeper"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  BOOST_TEST(mentions(refusal(objects), "nested deeper"));
  BOOST_TEST(refusal("[" + nested(7) + "," + nested(7) + ",{\"a\":1}]") == "accepted");
}

BOOST_AUTO_TEST_CASE(keeps_containers_apart_when_they_follow_each_other) {
  const auto value = parse_json(R"([[1,[2],3],{"a":{"b":[4]},"c":5},[],{}])");
  BOOST_REQUIRE(value);
  const auto& list = *value->array();
  BOOST_REQUIRE_EQUAL(list.size(), 4U);
  BOOST_TEST(list[0].array()->size() == 3U);
  BOOST_TEST(*list[0].array()->at(1).array()->at(0).integer() == 2);
  BOOST_TEST(*list[1].find("a")->find("b")->array()->at(0).integer() == 4);
  BOOST_TEST(*list[1].find("c")->integer() == 5);
}

BOOST_AUTO_TEST_CASE(survives_random_bytes_and_mutations) {
  std::mt19937 random(20'261'121);
  const std::string valid =
      R"({"title":"caf\u00e9 \uD83D\uDE00","description":null,"n":[-1.5e3,{"a":true}]})";
  for (int round = 0; round < 5'000; ++round) {
    std::string text = valid;
    for (unsigned flips = random() % 4 + 1; flips > 0; --flips)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    text.resize(random() % (text.size() + 1));
    const auto value = parse_json(text);
    BOOST_TEST((value || !value.error().empty()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
