// Tasks as JSON, timestamps and trimming.

#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "tasks/task_json.h"

using namespace tasklane;

namespace {

constexpr Timestamp kSecond = 1'000'000;
constexpr Timestamp kDay = 86'400 * kSecond;

Task sample() {
  return {.id = 9'007'199'254'740'991,
          .title = "Say \"hi\" \\ \xF0\x9F\x98\x80",
          .description = std::nullopt,
          .completed = false,
          .created_at = 0,
          .updated_at = 1};
}

// Unicode 15, PropList.txt, White_Space, spelled out once more.
constexpr const char* kWhiteSpace[] = {
    "\x09",         "\x0A",         "\x0B",         "\x0C",         "\x0D",
    "\x20",         "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80",
    "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85",
    "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

}  // namespace

BOOST_AUTO_TEST_SUITE(task_text)

BOOST_AUTO_TEST_CASE(writes_a_task_with_the_contract_s_fields_in_order) {
  BOOST_TEST(write_task(sample(), "u\"1") ==
             R"({"id":9007199254740991,"user_id":"u\"1","title":"Say \"hi\" \\ )"
             "\xF0\x9F\x98\x80"
             R"(","description":null,"completed":false,)"
             R"("created_at":"1970-01-01T00:00:00.000000Z","updated_at":"1970-01-01T00:00:00.000001Z"})");
}

BOOST_AUTO_TEST_CASE(keeps_an_empty_description_apart_from_none) {
  Task task = sample();
  task.description = "";
  task.completed = true;
  BOOST_TEST(write_task(task, "u").find(R"("description":"","completed":true)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(writes_a_plain_array) {
  BOOST_TEST(write_tasks({}, "u") == "[]");
  const Tasks two{.rows = {sample(), sample()}, .memory = {}};
  BOOST_TEST(write_tasks(two, "u") ==
             "[" + write_task(sample(), "u") + "," + write_task(sample(), "u") + "]");
}

BOOST_AUTO_TEST_CASE(timestamps_are_exact_to_the_microsecond) {
  BOOST_TEST(format_timestamp(1'700'000'000 * kSecond + 123'456) == "2023-11-14T22:13:20.123456Z");
  BOOST_TEST(format_timestamp(1'700'000'000 * kSecond + 7) == "2023-11-14T22:13:20.000007Z");
  BOOST_TEST(format_timestamp(1'700'000'000 * kSecond + 999'999) == "2023-11-14T22:13:20.999999Z");
  BOOST_TEST(format_timestamp(951'782'400 * kSecond) == "2000-02-29T00:00:00.000000Z");
  BOOST_TEST(format_timestamp(1'709'251'199 * kSecond) == "2024-02-29T23:59:59.000000Z");
}

BOOST_AUTO_TEST_CASE(timestamps_before_1970_count_down_to_whole_microseconds) {
  BOOST_TEST(format_timestamp(-1) == "1969-12-31T23:59:59.999999Z");
  BOOST_TEST(format_timestamp(-kSecond) == "1969-12-31T23:59:59.000000Z");
  BOOST_TEST(format_timestamp(-kDay) == "1969-12-31T00:00:00.000000Z");
  BOOST_TEST(format_timestamp(-kDay - 1) == "1969-12-30T23:59:59.999999Z");
  BOOST_TEST(format_timestamp(-2'208'988'800 * kSecond) == "1900-01-01T00:00:00.000000Z");
}

BOOST_AUTO_TEST_CASE(timestamps_reach_from_year_1_to_9999) {
  constexpr Timestamp first = -62'135'596'800 * kSecond;
  constexpr Timestamp last = 253'402'300'799 * kSecond + 999'999;
  BOOST_TEST(format_timestamp(first) == "0001-01-01T00:00:00.000000Z");
  BOOST_TEST(format_timestamp(last) == "9999-12-31T23:59:59.999999Z");
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
