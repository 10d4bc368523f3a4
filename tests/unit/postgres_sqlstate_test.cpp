// The published table of SQLSTATEs, and the waits between attempts to connect.

#include <boost/test/unit_test.hpp>

#include "postgres/reconnect_delay.h"
#include "postgres/sqlstate.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(sqlstate)

BOOST_AUTO_TEST_CASE(a_lost_conflict_is_run_again) {
  for (const char* state : {"40001", "40P01", "23505"})
    BOOST_TEST((classify(state) == SqlstateClass::conflict), state);
}

BOOST_AUTO_TEST_CASE(a_server_that_reads_only_means_another_host) {
  BOOST_TEST((classify("25006") == SqlstateClass::read_only));
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_means_to_reconnect) {
  for (const char* state :
       {"", "57P01", "57P02", "57P03", "57P04", "57P05", "08000", "08003", "08006", "08P01"})
    BOOST_TEST((classify(state) == SqlstateClass::connection_lost), state);
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_now_is_unavailable) {
  for (const char* state :
       {"57014", "55P03", "53000", "53100", "53200", "53300", "53400", "58000", "58030", "40000"})
    BOOST_TEST((classify(state) == SqlstateClass::unavailable), state);
}

BOOST_AUTO_TEST_CASE(a_prepared_statement_that_is_not_what_it_was_is_run_again) {
  for (const char* state : {"26000", "42P05", "0A000"})
    BOOST_TEST((classify(state) == SqlstateClass::unprepared), state);
  // Run without a name, it was the statement itself.
  BOOST_TEST((statement_error("0A000").type == ErrorType::internal_server_error));
}

BOOST_AUTO_TEST_CASE(anything_else_is_the_statement_s_own_fault) {
  for (const char* state : {"23514", "23503", "22021", "22P05", "42501", "42P01", "42703", "XX000", "25P02",
                            "57000", "55000", "P0001"})
    BOOST_TEST((classify(state) == SqlstateClass::rejected), state);
}

BOOST_AUTO_TEST_CASE(an_error_proves_that_nothing_has_happened_only_where_it_says_so) {
  for (const char* state :
       {"40000", "40001", "40002", "40P01", "23505", "23514", "57014", "55P03", "53100", "53300",
        "22021", "42501", "42P05", "26000", "0A000", "25006", "25P02", "44000", "54000", "P0001"})
    BOOST_TEST(proves_rollback(state), state);
  for (const char* state :
       {"",      "40003", "08000", "08006", "08P01", "57P01", "57P02", "57P03", "57000", "58000",
        "58030", "XX000", "XX001", "F0000", "HV000", "72000", "ZZZZZ", "4000",  "00000", "01000"})
    BOOST_TEST(!proves_rollback(state), state);
}

BOOST_AUTO_TEST_CASE(the_client_learns_what_it_can_do_and_no_more) {
  for (const char* state : {"40001", "57014", "57P01", "53100"}) {
    BOOST_TEST((statement_error(state).type == ErrorType::service_unavailable), state);
    BOOST_TEST(statement_error(state).detail == "The database cannot serve this request now");
  }
  BOOST_TEST((statement_error("23514").type == ErrorType::internal_server_error));
  BOOST_TEST(statement_error("23514").detail == "Internal server error");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reconnect_delay)

BOOST_AUTO_TEST_CASE(doubles_up_to_its_cap_with_jitter) {
  ReconnectDelay delay;
  auto most = limits::kReconnectDelayMin;
  for (int i = 0; i < 20; ++i) {
    const auto wait = delay.next();
    BOOST_TEST((wait >= most / 2 && wait <= most), wait.count());
    most = std::min(most * 2, limits::kReconnectDelayMax);
  }
}

BOOST_AUTO_TEST_CASE(starts_anew_after_a_success) {
  ReconnectDelay delay;
  for (int i = 0; i < 20; ++i) delay.next();
  delay.reset();
  BOOST_TEST((delay.next() <= limits::kReconnectDelayMin));
}

BOOST_AUTO_TEST_CASE(connections_do_not_come_back_in_step) {
  int equal = 0;
  for (int i = 0; i < 100; ++i) {
    ReconnectDelay one;
    ReconnectDelay other;
    for (int j = 0; j < 10; ++j) one.next(), other.next();
    if (one.next() == other.next()) ++equal;
  }
  BOOST_TEST(equal < 50);
}

BOOST_AUTO_TEST_SUITE_END()
