#include "base/trace.h"

#include <boost/test/unit_test.hpp>

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

const Trace::Time kBegin{1h};

std::vector<std::int64_t> parts(const Phases& phase) {
  return {phase.parse.count(), phase.auth.count(), phase.database_wait.count(), phase.database.count(),
          phase.write.count()};
}

void check_parts(const Trace& trace, Trace::Time written, const std::vector<std::int64_t>& expected) {
  const auto found = parts(phases(trace, written));
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(traces)

BOOST_AUTO_TEST_CASE(the_phases_add_up_to_the_whole) {
  const Trace trace{.received = kBegin,
                    .read = kBegin + 10us,
                    .authenticated = kBegin + 30us,
                    .submitted = kBegin + 35us,
                    .sent = kBegin + 135us,
                    .completed = kBegin + 635us};
  check_parts(trace, kBegin + 650us, {15, 20, 100, 500, 15});
}

BOOST_AUTO_TEST_CASE(a_refused_token_has_no_time_of_the_database) {
  const Trace trace{.received = kBegin, .read = kBegin + 10us, .authenticated = kBegin + 30us};
  check_parts(trace, kBegin + 40us, {10, 20, 0, 0, 10});
}

BOOST_AUTO_TEST_CASE(a_request_of_no_user_has_no_time_of_auth) {
  const Trace trace{.received = kBegin, .read = kBegin + 10us};
  check_parts(trace, kBegin + 40us, {10, 0, 0, 0, 30});
}

BOOST_AUTO_TEST_CASE(a_statement_given_up_in_the_queue_has_only_waited) {
  const Trace trace{
      .received = kBegin, .read = kBegin + 1us, .authenticated = kBegin + 2us, .submitted = kBegin + 3us};
  check_parts(trace, kBegin + 8s, {2, 1, 7'999'997, 0, 0});
}

BOOST_AUTO_TEST_CASE(a_statement_given_up_while_it_ran_is_the_databases_time) {
  const Trace trace{.received = kBegin,
                    .read = kBegin + 1us,
                    .authenticated = kBegin + 2us,
                    .submitted = kBegin + 3us,
                    .sent = kBegin + 4us};
  check_parts(trace, kBegin + 8s, {2, 1, 1, 7'999'996, 0});
}

BOOST_AUTO_TEST_CASE(takes_the_trace_id_of_a_valid_traceparent) {
  const std::string valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  BOOST_TEST(trace_id_of(valid) == "4bf92f3577b34da6a3ce929d0e0e4736");
  BOOST_TEST(trace_id_of("cc" + valid.substr(2)) == trace_id_of(valid));
  BOOST_TEST(trace_id_of("cc" + valid.substr(2) + "-what-will-be") == trace_id_of(valid));
}

// The W3C test suite's cases, as far as they concern this header alone.
BOOST_AUTO_TEST_CASE(takes_nothing_of_a_traceparent_that_is_not_valid) {
  for (const std::string text : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
           "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.extra",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473.-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b.-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-.0",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
           " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       })
    BOOST_TEST(trace_id_of(text) == "", text);
}

BOOST_AUTO_TEST_SUITE_END()
