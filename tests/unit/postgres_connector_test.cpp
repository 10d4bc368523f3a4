// What connect_timeout of a URL means.

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "base/limits.h"
#include "postgres/connector.h"

using namespace tasklane;

namespace {

std::chrono::seconds timeout_of(const std::string& query) {
  return connect_timeout(parse_connection_url("postgresql://u@db.example/tasks" + query).value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connect_timeouts)

BOOST_AUTO_TEST_CASE(it_is_ten_seconds_when_the_url_has_none) {
  BOOST_TEST((timeout_of("") == std::chrono::seconds(10)));
  BOOST_TEST((timeout_of("?connect_timeout=") == std::chrono::seconds(10)));
}

BOOST_AUTO_TEST_CASE(it_is_whole_seconds_and_two_at_least) {
  BOOST_TEST((timeout_of("?connect_timeout=5") == std::chrono::seconds(5)));
  BOOST_TEST((timeout_of("?connect_timeout=%2030%20") == std::chrono::seconds(30)));
  BOOST_TEST((timeout_of("?connect_timeout=1") == std::chrono::seconds(2)));
}

BOOST_AUTO_TEST_CASE(no_limit_is_the_longest_there_is) {
  for (const char* unlimited : {"0", "-1", "3600"})
    BOOST_TEST((timeout_of(std::string("?connect_timeout=") + unlimited) == limits::kConnectTimeoutMax),
               unlimited);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_refused) {
  for (const char* wrong : {"soon", "5s", "1.5", "99999999999999999999"})
    BOOST_CHECK_THROW(timeout_of(std::string("?connect_timeout=") + wrong), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
