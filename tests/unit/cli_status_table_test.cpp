#include "cli/status_table.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_CASE(tells_requests_per_second_from_the_second_look_on) {
  StatusTable table(false);
  BOOST_TEST(table.render(status(1300, 500))->find(" 125 ") == std::string::npos);
  BOOST_TEST(table.render(status(1302, 750))->find(" 125 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(marks_what_is_wrong_on_a_terminal) {
  BOOST_TEST(StatusTable(true).render(status(1300, 500))->find("\x1b[31m1 of 2") != std::string::npos);
  BOOST_TEST(StatusTable(true).render(status(1300, 500, 1))->find("2/0/1\x1b[0m") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_status) {
  for (const auto* text : {"", "[]", "{}", R"({"workers":3})"}) BOOST_TEST(!StatusTable(false).render(text));
}

BOOST_AUTO_TEST_SUITE_END()
