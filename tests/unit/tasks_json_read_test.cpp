// Bodies of tasks: what is taken, and what is wrong with the rest, by place, sentence and word.

#include <boost/test/unit_test.hpp>

#include "tasks/task_json.h"

using namespace tasklane;

namespace {

// "body title string_too_long: Title must be …", one line per error, behind the detail.
std::string fault(const Error& error) {
  BOOST_TEST((error.type == ErrorType::validation_error));
  std::string text = error.detail;
  for (const FieldError& entry : error.errors) {
    text += '\n';
    for (const auto& part : entry.loc) text += part + ' ';
    text += entry.type + ": " + entry.msg;
  }
  return text;
}

template <class T>
std::string fault(const Result<T>& result) {
  return result ? "none" : fault(result.error());
}

std::string repeat(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

std::string titled(const std::string& title) {
  return R"({"title":")" + title + R"("})";
}

constexpr char kAstral[] = "\xF0\x9F\x98\x80";  // U+1F600: one code point, four bytes, two UTF-16 units

const std::string kTooLong =
    "Title must be 1 to 200 characters\n"
    "body title string_too_long: Title must be 1 to 200 characters";
const std::string kTooShort =
    "Title must be 1 to 200 characters\n"
    "body title string_too_short: Title must be 1 to 200 characters";

}  // namespace

BOOST_AUTO_TEST_SUITE(task_bodies)

BOOST_AUTO_TEST_CASE(a_new_task_needs_a_title_only) {
  const auto task = parse_new_task(R"({"title":"Buy milk"})");
  BOOST_REQUIRE(task);
  BOOST_TEST(task->title == "Buy milk");
  BOOST_TEST(!task->description);
}

BOOST_AUTO_TEST_CASE(titles_are_trimmed_and_keep_their_inner_white_space) {
  BOOST_TEST(parse_new_task(R"({"title":" \t\n a \u00a0 b\u3000\u2028 "})")->title == "a \xC2\xA0 b");
  BOOST_TEST(*parse_task_change(R"({"title":"\u0085x\u1680"})")->title == "x");
  // Unicode's White_Space property, all of it.
  for (const char* space :
       {"\\t",     "\\n",     "\\u000b", "\\f",     "\\r",     " ",       "\\u0085", "\\u00a0", "\\u1680",
        "\\u2000", "\\u2001", "\\u2002", "\\u2003", "\\u2004", "\\u2005", "\\u2006", "\\u2007", "\\u2008",
        "\\u2009", "\\u200a", "\\u2028", "\\u2029", "\\u202f", "\\u205f", "\\u3000"}) {
    const auto task = parse_new_task(titled(repeat(space, 2) + "ab" + space));
    BOOST_REQUIRE_MESSAGE(task, space);
    BOOST_TEST(task->title == "ab", space);
  }
}

BOOST_AUTO_TEST_CASE(a_title_has_1_to_200_code_points_once_trimmed) {
  for (const std::string& one : {std::string("x"), std::string("\xC3\xA9"), std::string(kAstral)}) {
    BOOST_TEST(fault(parse_new_task(titled(one))) == "none");
    BOOST_TEST(fault(parse_new_task(titled(repeat(one, 200)))) == "none");
    BOOST_TEST(fault(parse_new_task(titled("  " + repeat(one, 200) + "\\u2003"))) == "none");
    BOOST_TEST(fault(parse_new_task(titled(repeat(one, 201)))) == kTooLong);
    BOOST_TEST(fault(parse_task_change(titled(repeat(one, 201)))) == kTooLong);
  }
  BOOST_TEST(fault(parse_new_task(titled(repeat("\\ud83d\\ude00", 200)))) == "none");
  BOOST_TEST(fault(parse_new_task(titled(repeat("\\ud83d\\ude00", 201)))) == kTooLong);
  for (const char* empty : {"", " ", "\\u3000\\t", "\\u0085"}) {
    BOOST_TEST(fault(parse_new_task(titled(empty))) == kTooShort);
    BOOST_TEST(fault(parse_task_change(titled(empty))) == kTooShort);
  }
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_white_space_stays) {
  // Zero width space, byte order mark, Mongolian vowel separator, word joiner, a control character: not
  // White_Space.
  for (const char* text : {"\\u200b", "\\ufeff", "\\u180e", "\\u2060", "\\u001f"})
    BOOST_TEST(fault(parse_new_task(titled(text))) == "none", text);
}

BOOST_AUTO_TEST_CASE(a_description_is_kept_as_sent) {
  BOOST_TEST(*parse_new_task(R"({"title":"t","description":" \n x "})")->description == " \n x ");
  BOOST_TEST(*parse_new_task(R"({"title":"t","description":""})")->description == "");
  BOOST_TEST(!parse_new_task(R"({"title":"t","description":null})")->description);
}

BOOST_AUTO_TEST_CASE(a_description_has_at_most_10000_code_points) {
  for (const std::string& one : {std::string("x"), std::string(kAstral), std::string("\\ud83d\\ude00")}) {
    const auto body = [&](int count) {
      return R"({"title":"t","description":")" + repeat(one, count) + R"("})";
    };
    BOOST_TEST(fault(parse_new_task(body(10'000))) == "none");
    const std::string expected =
        "Description must be at most 10000 characters\n"
        "body description string_too_long: Description must be at most 10000 characters";
    BOOST_TEST(fault(parse_new_task(body(10'001))) == expected);
    BOOST_TEST(fault(parse_task_change(body(10'001))) == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_change_knows_absent_from_null_from_empty) {
  const auto absent = parse_task_change("{}");
  BOOST_TEST(absent->empty());
  const auto null = parse_task_change(R"({"description":null})");
  BOOST_TEST(!null->empty());
  BOOST_REQUIRE(null->description);
  BOOST_TEST(!*null->description);
  const auto empty = parse_task_change(R"({"description":""})");
  BOOST_TEST(**empty->description == "");
  BOOST_TEST(!empty->title);
  BOOST_TEST(!empty->completed);
  BOOST_TEST(*parse_task_change(R"({"completed":false})")->completed == false);
  BOOST_TEST(*parse_task_change(R"({"completed":true})")->completed == true);
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_ignored) {
  const char* body =
      R"({"id":9,"user_id":"mallory","title":"t","completed":"x",)"
      R"("priority":1,"tags":[{"a":[1]}],"created_at":1})";
  BOOST_TEST(fault(parse_new_task(body)) == "none");
  BOOST_TEST(parse_task_change(R"({"user_id":"mallory","priority":"high","Title":"x"})")->empty());
}

BOOST_AUTO_TEST_CASE(wrong_types_are_told_by_field) {
  for (const char* value : {"null", "1", "true", "[]", "{}", "[\"t\"]"}) {
    const std::string body = std::string(R"({"title":)") + value + "}";
    const std::string expected = "Title must be a string\nbody title string_type: Title must be a string";
    BOOST_TEST(fault(parse_new_task(body)) == expected, body);
    BOOST_TEST(fault(parse_task_change(body)) == expected, body);
  }
  for (const char* value : {"1", "false", "[]", "{}"}) {
    const std::string body = std::string(R"({"title":"t","description":)") + value + "}";
    const std::string expected =
        "Description must be a string or null\n"
        "body description string_type: Description must be a string or null";
    BOOST_TEST(fault(parse_new_task(body)) == expected, body);
    BOOST_TEST(fault(parse_task_change(body)) == expected, body);
  }
  for (const char* value : {"null", "0", "1", "\"true\"", "[]", "{}"}) {
    const std::string body = std::string(R"({"completed":)") + value + "}";
    const std::string expected =
        "Completed must be true or false\nbody completed bool_type: Completed must be true or false";
    BOOST_TEST(fault(parse_task_change(body)) == expected, body);
    BOOST_TEST(fault(parse_completion(body)) == expected, body);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_title_is_told) {
  BOOST_TEST(fault(parse_new_task("{}")) == "Title is required\nbody title missing: Title is required");
}

BOOST_AUTO_TEST_CASE(all_faults_are_told_at_once) {
  BOOST_TEST(fault(parse_task_change(R"({"completed":null,"description":7,"title":" "})")) ==
             "Title must be 1 to 200 characters; Description must be a string or null; "
             "Completed must be true or false\n"
             "body title string_too_short: Title must be 1 to 200 characters\n"
             "body description string_type: Description must be a string or null\n"
             "body completed bool_type: Completed must be true or false");
  BOOST_TEST(fault(parse_new_task(R"({"description":7})")) ==
             "Title is required; Description must be a string or null\n"
             "body title missing: Title is required\n"
             "body description string_type: Description must be a string or null");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_object_is_told) {
  const auto word = [](const auto& result) { return result ? "none" : result.error().errors.at(0).type; };
  for (const char* body : {"[]", "null", "1", "\"title\"", "[{\"title\":\"t\"}]"}) {
    BOOST_TEST(word(parse_new_task(body)) == "object_type", body);
    BOOST_TEST(word(parse_task_change(body)) == "object_type", body);
    BOOST_TEST(word(parse_completion(body)) == "object_type", body);
  }
  for (const char* body :
       {"{", "{}{}", " ", "{\"title\":\"a\",\"title\":\"b\"}", "\xEF\xBB\xBF{}", "{\"title\":\"\\ud800\"}",
        "{\"title\":\"a\\u0000b\"}", "{\"title\":\"\xFF\"}", "{\"x\":[[[[[[[[[]]]]]]]]]}"}) {
    BOOST_TEST(word(parse_new_task(body)) == "json_invalid", body);
    BOOST_TEST(word(parse_task_change(body)) == "json_invalid", body);
    BOOST_TEST(word(parse_completion(body)) == "json_invalid", body);
  }
  BOOST_TEST(fault(parse_new_task("")) == "Body must not be empty\nbody missing: Body must not be empty");
  BOOST_TEST(fault(parse_task_change("")) == "Body must not be empty\nbody missing: Body must not be empty");
}

BOOST_AUTO_TEST_CASE(completion_toggles_unless_told_otherwise) {
  BOOST_TEST(!*parse_completion(""));
  BOOST_TEST(!*parse_completion("{}"));
  BOOST_TEST(!*parse_completion(R"({"done":true})"));
  BOOST_TEST(**parse_completion(R"({"completed":true})") == true);
  BOOST_TEST(**parse_completion(R"({"completed":false})") == false);
}

BOOST_AUTO_TEST_SUITE_END()
