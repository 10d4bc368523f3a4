// What `tasklane check --db` makes of the time to connect and of a round trip.

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "cli/connection_inspection.h"

using namespace tasklane;

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

std::string judged(double connect, double round_trip) {
  std::string text;
  for (const Finding& finding :
       judge({.connect = Milliseconds(connect), .round_trip = Milliseconds(round_trip)}))
    text += (finding.level == Finding::Level::warning ? "warning: " : "") + finding.sentence + "\n";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connection_inspection)

BOOST_AUTO_TEST_CASE(a_near_database_is_told_without_a_warning) {
  BOOST_TEST(judged(4.21, 0.083) == "connecting takes 4.2 ms, a round trip 0.1 ms\n");
}

// With TLS and SCRAM.
BOOST_AUTO_TEST_CASE(a_host_600_ms_away_is_within_the_bounds) {
  BOOST_TEST(judged(4212, 600.4) == "connecting takes 4212 ms, a round trip 600 ms\n");
}

BOOST_AUTO_TEST_CASE(a_database_that_takes_longer_than_a_request_waits_is_warned_of) {
  const std::string text = judged(8200, 1);
  BOOST_TEST(text.contains("warning: a request that has to wait for a new connection is answered 503"), text);
  BOOST_TEST(text.contains("longer than the 8 s"), text);
  BOOST_TEST(!text.contains("too far away"), text);
}

BOOST_AUTO_TEST_CASE(round_trips_that_fill_what_a_statement_leaves_of_a_request_are_warned_of) {
  const std::string text = judged(5600, 800);
  BOOST_TEST(text.contains("warning: the database is too far away for the 8 s"), text);
  BOOST_TEST(!text.contains("503"), text);
}

BOOST_AUTO_TEST_SUITE_END()
