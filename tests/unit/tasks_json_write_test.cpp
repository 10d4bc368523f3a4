// Tasks as JSON, and timestamps.

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>

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

// What reads rows refuses them; should one come through, nothing is read past a table's end.
BOOST_AUTO_TEST_CASE(timestamps_that_the_form_has_no_room_for_become_the_nearest_that_it_has) {
  for (const Timestamp early : {std::numeric_limits<Timestamp>::min(), -62'135'596'800 * kSecond - 1})
    BOOST_TEST(format_timestamp(early) == "0001-01-01T00:00:00.000000Z");
  for (const Timestamp late : {std::numeric_limits<Timestamp>::max(), 253'402'300'800 * kSecond})
    BOOST_TEST(format_timestamp(late) == "9999-12-31T23:59:59.999999Z");
}

BOOST_AUTO_TEST_CASE(timestamps_reach_from_year_1_to_9999) {
  constexpr Timestamp first = -62'135'596'800 * kSecond;
  constexpr Timestamp last = 253'402'300'799 * kSecond + 999'999;
  BOOST_TEST(format_timestamp(first) == "0001-01-01T00:00:00.000000Z");
  BOOST_TEST(format_timestamp(last) == "9999-12-31T23:59:59.999999Z");
}

BOOST_AUTO_TEST_SUITE_END()
