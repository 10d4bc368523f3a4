// Reads that take the longer the more tasks a user has, and what goes on beside them.

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "base/text.h"
#include "pool_fixture.h"

using namespace tasklane;

namespace {

struct LongReadFixture : PoolFixture {
  LongReadFixture() { connect(); }

  boost::asio::awaitable<Result<Tasks>> search(std::string text) {
    const ListSlice slice{
        .filter = {.search = std::move(text)}, .rows_max = 10, .description_max_bytes = 100};
    co_return co_await store->list_slice(user, slice);
  }
  // The session that ran the last search.
  pid_t searching() const {
    return parse_number<pid_t>(
               database.value("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND"
                              " application_name = 'tasklane' AND query LIKE '%strpos%'"))
        .value();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(long_reads, LongReadFixture)

// However long a search takes: its session is stopped here.
BOOST_AUTO_TEST_CASE(nothing_but_long_reads_waits_behind_one) {
  const TaskId id = make("find me");
  BOOST_TEST(read(metrics.database_connections_ready) == 1U);
  BOOST_TEST(run(search("FIND")).value().rows.size() == 1U);
  BOOST_TEST(read(metrics.database_connections_ready) == 2U);
  const pid_t session = searching();
  BOOST_REQUIRE(::kill(session, SIGSTOP) == 0);
  auto first = start(search("me"));
  auto second = start(search("not there"));
  Creations others;
  for (int i = 0; i < 50; ++i) {
    others.push_back(start(get(id)));
    others.push_back(start(create("beside")));
    others.push_back(start(store->list(user, TaskFilter::all)));
  }
  BOOST_TEST(wait(others));
  for (const auto& one : others) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(first->outcome() == "pending");
  BOOST_TEST(second->outcome() == "pending");
  BOOST_REQUIRE(::kill(session, SIGCONT) == 0);
  BOOST_TEST(run_until(loop, [&] { return first->answered() && second->answered(); }));
  BOOST_TEST(first->result->value().rows.size() == 1U);
  BOOST_TEST(second->result->value().rows.empty());
}

// As where the server has no place for one more.
BOOST_AUTO_TEST_CASE(without_a_connection_of_their_own_they_run_among_the_others) {
  make("find me");
  database.run("ALTER ROLE tasklane_api NOLOGIN");
  auto found = start(search("FIND"));
  BOOST_TEST(run_until(loop, [&] { return found->answered(); }));
  database.run("ALTER ROLE tasklane_api LOGIN");
  BOOST_REQUIRE_MESSAGE(found->outcome() == "ok", found->outcome());
  BOOST_TEST(found->result->value().rows.size() == 1U);
  BOOST_TEST(read(metrics.database_connections_ready) == 1U);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_of_theirs_is_made_anew) {
  make("find me");
  BOOST_TEST(run(search("FIND")).value().rows.size() == 1U);
  terminate_our_sessions();
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connection_losses) == 2U; }));
  BOOST_TEST(run(search("FIND")).value().rows.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
