#include "cli/status_table.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace tasklane;

namespace {

std::string status(int time, int requests, int down = 0) {
  return fmt::format(
      R"({{"version":"0.1.0","time":{},"workers_configured":2,"worker_restarts":1,)"
      R"("listen_queue":{{"waiting":3,"max":4096}},"workers":[{{"slot":0,"pid":4242,"generation":7,)"
      R"("started_at":1000,"resident_bytes":23000000,"connections":12,"requests_in_flight":3,)"
      R"("requests_total":{},"database_connections_ready":2,"database_connections_connecting":0,)"
      R"("database_connections_down":{},"database_statements_in_flight":9}}]}})",
      time, requests, down);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status_tables)

BOOST_AUTO_TEST_CASE(shows_one_line_per_worker_and_what_concerns_all) {
  const auto text = StatusTable(false).render(status(1300, 500));
  BOOST_REQUIRE(text);
  for (const auto* word :
       {"workers 1 of 2", "restarts 1", "listen queue 3 of 4096", "4242", "5 min", "23 MB", "2/0/0"})
    BOOST_TEST(text->find(word) != std::string::npos, word << " in " << *text);
  BOOST_TEST(text->find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(tells_that_the_host_drains) {
  StatusTable table(false);
  const auto with = [&](std::string_view master) { return table.render(status(1300, 500), master).value(); };
  BOOST_TEST(with(R"({"state":"draining"})").contains("draining: /readyz says 503"));
  for (const auto* master : {R"({"state":"serving"})", R"({"state":1})", "{}", ""})
    BOOST_TEST(!with(master).contains("draining"), master);
}

BOOST_AUTO_TEST_CASE(tells_why_the_last_reload_failed) {
  StatusTable table(false);
  const auto with = [&](std::string_view master) { return table.render(status(1300, 500), master).value(); };
  BOOST_TEST(with(R"({"last_reload":{"outcome":"failed","reason":"slot 0: \u001bno"}})")
                 .contains("the last reload failed: slot 0: ?no"));
  for (const auto* master : {R"({"last_reload":{"outcome":"done","reason":null}})", R"({"last_reload":null})",
                             R"({"last_reload":7})", "nonsense", ""})
    BOOST_TEST(!with(master).contains("last reload"), master);
}

BOOST_AUTO_TEST_CASE(tells_requests_per_second_from_the_second_look_on) {
  StatusTable table(false);
  BOOST_TEST(table.render(status(1300, 500))->find(" 125 ") == std::string::npos);
  BOOST_TEST(table.render(status(1302, 750))->find(" 125 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(marks_what_is_wrong_on_a_terminal) {
  BOOST_TEST(StatusTable(true).render(status(1300, 500))->find("\x1b[31m1 of 2") != std::string::npos);
  BOOST_TEST(StatusTable(true).render(status(1300, 500, 1))->find("2/0/1\x1b[0m") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(shows_numbers_that_no_worker_can_have_as_far_as_they_make_sense) {
  const auto all = [](std::int64_t time, std::int64_t number) {
    return fmt::format(R"({{"time":{0},"workers_configured":{1},"worker_restarts":{1},"listen_queue":{{)"
                       R"("waiting":{1},"max":{1}}},"workers":[{{"slot":{1},"pid":7,"generation":{1},)"
                       R"("started_at":{1},"resident_bytes":{1},"requests_total":{1}}}]}})",
                       time, number);
  };
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                         most = std::numeric_limits<std::int64_t>::max();
  StatusTable table(false);
  for (const auto& [time, number] : {std::pair(least, most), std::pair(most, least), std::pair(most, most)}) {
    const auto text = table.render(all(time, number));
    BOOST_REQUIRE(text);
    BOOST_TEST(!text->contains('-' + std::to_string(most)), *text);
  }
  const auto negative = StatusTable(false).render(all(-5, -5));
  BOOST_TEST(negative->contains("restarts 0"), *negative);
  BOOST_TEST(negative->contains(" 0 s "), *negative);
}

// As a terminal would obey them.
BOOST_AUTO_TEST_CASE(shows_no_control_characters_of_an_answer) {
  const auto text = StatusTable(false).render(R"({"version":"1\u001b[2J\n\u007f\u009b2J","workers":[]})");
  BOOST_REQUIRE(text);
  BOOST_TEST(text->starts_with("tasklane 1?[2J???2J   workers"), *text);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_status) {
  for (const auto* text : {"", "[]", "{}", R"({"workers":3})"}) BOOST_TEST(!StatusTable(false).render(text));
}

BOOST_AUTO_TEST_SUITE_END()
