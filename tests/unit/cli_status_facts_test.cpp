// What `tasklane status` shows besides the workers.

#include "cli/status_facts.h"

#include <boost/test/unit_test.hpp>

#include "json/json_reader.h"

using namespace tasklane;

namespace {

constexpr char kMetrics[] = R"(# TYPE tasklane_requests_total counter
tasklane_requests_total{route="/api/tasks",method="GET",status="200"} 70
tasklane_requests_total{route="/api/tasks",method="POST",status="503"} 5
tasklane_requests_total{route="/api/tasks/{id}",method="GET",status="404"} 100
tasklane_requests_total{route="/readyz",method="GET",status="200"} 9000
tasklane_requests_total{route="/api/tasks/{id}/complete",method="PATCH",status="200"} 0
tasklane_last_reload_failed 1
tasklane_last_reload_timestamp_seconds 1000
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(status_facts)

BOOST_AUTO_TEST_CASE(the_routes_of_the_api_come_by_how_often_they_are_asked) {
  const auto routes = top_routes(kMetrics, 5);
  BOOST_REQUIRE(routes.size() == 2);
  BOOST_TEST(routes[0].route == "/api/tasks/{id}");
  BOOST_TEST(routes[1].requests == 75);
  BOOST_TEST(routes[1].server_errors == 5);
  BOOST_TEST(top_routes(kMetrics, 1).size() == 1);
  BOOST_TEST(top_routes("", 5).empty());
}

BOOST_AUTO_TEST_CASE(a_reload_is_told_with_its_outcome) {
  BOOST_REQUIRE(last_reload(kMetrics));
  BOOST_TEST(last_reload(kMetrics)->failed);
  BOOST_TEST(!last_reload("\ntasklane_last_reload_timestamp_seconds 0\n"));
}

BOOST_AUTO_TEST_CASE(a_person_reads_lines_of_what_is_known) {
  StatusFacts facts = look_around(kMetrics);
  facts.times = DatabaseTimes{.connect_microseconds = 4200, .round_trip_microseconds = 150};
  facts.session = SessionFacts{.role = "tasklane_api", .read_only = true};
  facts.keys = KeyFacts{.count = 2, .newest_age_seconds = 3 * 86'400};
  facts.certificate_seconds = 30 * 86'400;
  facts.read_only = true;
  const std::string text = facts_text(facts, 1600);
  for (const char* part :
       {"read-only is on", "connecting 4.2 ms, a round trip 0.1 ms, role tasklane_api, read-only",
        "2, the newest made 3 days ago", "ends in 30 days", "failed, 10 min ago", "/api/tasks/{id}\n",
        "75  /api/tasks  (5 of them 5xx)"})
    BOOST_TEST(text.contains(part), part);
  BOOST_TEST(facts_text(StatusFacts{}, 0).empty());
  StatusFacts unseen;
  unseen.maintenance_unseen = true;
  BOOST_TEST(facts_text(unseen, 0).starts_with("maintenance is not on yet"));
}

BOOST_AUTO_TEST_CASE(programs_get_one_object_with_it_all) {
  StatusFacts facts = look_around(kMetrics);
  facts.database_fault = "no \"server\"";
  const auto json = parse_json(facts_json(facts, R"({"version":"1","workers":[{"pid":1}]})"));
  BOOST_REQUIRE(json);
  BOOST_TEST(*json->find("version")->string() == "1");
  BOOST_TEST(*json->find("database")->find("fault")->string() == "no \"server\"");
  BOOST_TEST(*json->find("last_reload")->find("outcome")->string() == "failed");
  BOOST_TEST(json->find("top_routes")->array()->size() == 2);
  BOOST_TEST(json->find("workers")->array()->size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
