// Connections that are refused, lost or stuck, and which of several a statement takes.

#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "base/descriptors.h"
#include "base/text.h"
#include "base/unix_address.h"
#include "pool_fixture.h"
#include "schema/migrations.h"

using namespace tasklane;

namespace {

using namespace std::chrono_literals;

struct Timer {
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  auto elapsed() const { return std::chrono::steady_clock::now() - begin; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(connections_lost, PoolFixture)

// What had been sent when the server ended the session.
BOOST_AUTO_TEST_CASE(reads_are_repeated_and_writes_are_told_as_unknown) {
  connect();
  const TaskId id = make("a");
  Rival rival(database, lock_task(id));
  auto before = start(get(id));
  auto write = start(retitle(id, "b"));
  auto behind = start(get(id));
  BOOST_TEST(wait_for_blocked());
  auto queued_read = start(get(id));
  auto queued_write = start(create("queued"));
  terminate_our_sessions();
  rival.release();
  BOOST_TEST(run_until(loop, [&] {
    return before->answered() && write->answered() && behind->answered() && queued_read->answered() &&
           queued_write->answered();
  }));
  BOOST_TEST(write->outcome() == "outcome_unknown");
  BOOST_TEST(before->outcome() == "ok");
  BOOST_TEST(behind->outcome() == "ok");
  BOOST_TEST(queued_read->outcome() == "ok");
  BOOST_TEST(queued_write->outcome() == "ok");  // had not been sent: nobody noticed
  BOOST_TEST(count("queued") == "1");
  BOOST_TEST(read(metrics.database_connection_losses) == 1U);
  BOOST_TEST(read(metrics.database_connections_ready) == 1U);
  BOOST_TEST(read(metrics.database_statements_in_flight) == 0U);
}

// Its Sync never reached the server, so nothing of it can have been committed.
BOOST_AUTO_TEST_CASE(writes_that_were_not_sent_whole_are_sent_again) {
  connect();
  const auto server = parse_number<pid_t>(
      database.value("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
                     "application_name = 'tasklane'"));
  BOOST_REQUIRE(server.has_value());
  BOOST_REQUIRE(::kill(*server, SIGSTOP) == 0);
  std::vector<std::unique_ptr<Pending<Tasks>>> pending;
  for (int i = 0; i < 200; ++i) pending.push_back(start(create("large", std::string(10'000, 'x'))));
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_statements_in_flight) == 200U; }));
  BOOST_REQUIRE(::kill(*server, SIGTERM) == 0);
  BOOST_REQUIRE(::kill(*server, SIGCONT) == 0);
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(count("large") == "200");
  BOOST_TEST(read(metrics.database_connection_losses) == 1U);
}

// A database that suspends itself is left asleep.
BOOST_AUTO_TEST_CASE(sessions_ended_while_idle_come_back_with_the_next_request) {
  connect(2);
  BOOST_TEST(read(metrics.database_connections_ready) == 2U);
  terminate_our_sessions();
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connection_losses) == 2U; }));
  // A young one pauses before it rests.
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connections_connecting) == 0U; }));
  loop.restart();
  BOOST_TEST(loop.poll() == 0U);  // nothing is planned
  BOOST_TEST(read(metrics.database_connects) == 2U);
  BOOST_TEST(outcome(run(create("wakes"))) == "ok");
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connections_ready) == 2U; }));
  BOOST_TEST(read(metrics.database_connects) == 4U);
  BOOST_TEST(outcome(run(create("a"))) == "ok");
}

BOOST_AUTO_TEST_CASE(a_statement_without_an_answer_is_given_up_at_its_deadline) {
  connect(1, 2s);  // time enough to see the write wait, on a busy machine too
  const TaskId id = make("a");
  Rival rival(database, lock_task(id));
  auto write = start(retitle(id, "b"));
  auto read_with_it = start(get(id));
  BOOST_TEST(wait_for_blocked());
  auto queued = start(create("queued"));
  database.run("ALTER ROLE tasklane_api NOLOGIN");  // or the next connection might still carry it in time
  BOOST_TEST(
      run_until(loop, [&] { return write->answered() && read_with_it->answered() && queued->answered(); }));
  database.run("ALTER ROLE tasklane_api LOGIN");
  BOOST_TEST(write->outcome() == "outcome_unknown");
  BOOST_TEST(read_with_it->outcome() == "ok");  // it waits for no write
  BOOST_TEST(queued->outcome() == "service_unavailable");
  BOOST_TEST(count("queued") == "0");  // never sent
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connection_losses) == 1U; }));
  rival.release();
  // After a refused attempt to connect, requests are refused until the next attempt.
  BOOST_TEST(run_until(loop, [&] { return outcome(run(create("after"))) == "ok"; }));
}

BOOST_AUTO_TEST_CASE(a_ping_is_answered_within_its_own_bound) {
  connect();
  const TaskId id = make("a");
  BOOST_TEST(outcome(run(pool->run(statements::kPing, 2s))) == "ok");
  Rival rival(database, lock_task(id));
  auto write = start(retitle(id, "b"));
  BOOST_TEST(wait_for_blocked());
  BOOST_TEST(outcome(run(pool->run(statements::kPing, 50ms))) == "service_unavailable");
  BOOST_TEST(!write->answered());  // which has the pool's own bound
  rival.release();
  BOOST_TEST(run_until(loop, [&] { return write->answered(); }));
  BOOST_TEST(write->outcome() == "ok");
  BOOST_TEST(outcome(run(pool->run(statements::kPing, 2s))) == "ok");
}

BOOST_AUTO_TEST_CASE(the_queue_is_bounded_and_what_it_holds_is_served) {
  connect();
  const TaskId id = make("a");
  Rival rival(database, lock_task(id));
  std::vector<std::unique_ptr<Pending<Tasks>>> pending;
  pending.push_back(start(retitle(id, "b")));
  BOOST_TEST(wait_for_blocked());
  const auto batches = read(metrics.database_batches);
  for (std::size_t i = 0; i < limits::kQueuedStatementsMax; ++i) pending.push_back(start(get(id)));
  auto refused_read = start(get(id));
  auto refused_write = start(create("refused"));
  BOOST_TEST(run_until(loop, [&] { return refused_read->answered() && refused_write->answered(); }));
  BOOST_TEST(refused_read->outcome() == "service_unavailable");
  BOOST_TEST(refused_write->outcome() == "service_unavailable");
  BOOST_TEST(pending.back()->outcome() == "pending");
  rival.release();
  BOOST_TEST(wait(pending));
  BOOST_TEST(std::ranges::all_of(pending, [](const auto& one) { return one->outcome() == "ok"; }));
  BOOST_TEST(read(metrics.database_batches) - batches ==
             limits::kQueuedStatementsMax / limits::kBatchStatementsMax);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(connection_choice, PoolFixture)

BOOST_AUTO_TEST_CASE(a_read_takes_a_free_connection_and_a_write_waits_for_its_own) {
  connect(3);
  const TaskId id = make("a");
  Rival rival(database, lock_task(id));
  auto blocked = start(retitle(id, "b"));
  BOOST_TEST(wait_for_blocked());
  BOOST_TEST(outcome(run(get(id))) == "ok");
  auto behind = start(create("behind"));
  for (int i = 0; i < 20; ++i) BOOST_TEST(outcome(run(get(id))) == "ok");
  BOOST_TEST(behind->outcome() == "pending");  // one user's writes keep to one connection
  rival.release();
  BOOST_TEST(run_until(loop, [&] { return blocked->answered() && behind->answered(); }));
  BOOST_TEST(behind->outcome() == "ok");
}

BOOST_AUTO_TEST_CASE(users_spread_over_the_connections) {
  connect(2);
  const TaskId id = make("a");
  Rival rival(database, lock_task(id));
  auto blocked = start(retitle(id, "b"));
  BOOST_TEST(wait_for_blocked());
  const NewTask task{.title = "t", .description = {}};
  std::vector<UserId> users;
  for (int i = 0; i < 32; ++i) users.push_back(user_named(fmt::format("{} other {}", user.value(), i)));
  std::vector<std::unique_ptr<Pending<Tasks>>> pending;
  for (const UserId& other : users) pending.push_back(start(store->create(other, task)));
  const auto served = [&] {
    return std::ranges::count_if(pending, [](const auto& one) { return one->answered(); });
  };
  BOOST_TEST(run_until(loop, [&] { return served() > 0; }));
  BOOST_TEST(served() < 32);
  rival.release();
  BOOST_TEST(wait(pending));
}

BOOST_AUTO_TEST_CASE(a_malformed_url_is_told_before_anything_starts) {
  BOOST_CHECK_THROW(ConnectionPool(loop, "postgresql://[", 1, statements::kAll, metrics),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(connections_refused, OwnPoolFixture)

BOOST_AUTO_TEST_CASE(an_outage_is_told_at_once_and_ends_by_itself) {
  const auto allow = [&](const char* whether) {
    shared().run(fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS {}", own.name(), whether));
  };
  allow("false");
  connect(2);
  const Timer timer;
  BOOST_TEST(outcome(run(create("a"))) == "service_unavailable");
  BOOST_TEST(outcome(run(get(1))) == "service_unavailable");
  BOOST_TEST(outcome(run(pool->run(statements::kPing, 2s))) == "service_unavailable");
  BOOST_TEST((timer.elapsed() < limits::kRequestDeadline));  // none has waited for its own
  allow("true");
  BOOST_TEST(ask_until_ready(2));
  BOOST_TEST(outcome(run(create("b"))) == "ok");
  BOOST_TEST(count("%") == "1");
}

BOOST_AUTO_TEST_CASE(what_waits_for_the_first_connection_is_answered_with_it) {
  pool = std::make_unique<ConnectionPool>(loop, own.api_url(), 1, statements::kAll, metrics);
  store = std::make_unique<PgTaskStore>(*pool);
  pool->start();
  BOOST_TEST(outcome(run(create("early"))) == "ok");
  BOOST_TEST(read(metrics.database_connects) == 1U);

  PoolFixture nowhere(own);
  nowhere.pool = std::make_unique<ConnectionPool>(nowhere.loop, "postgresql://u@/d?host=/nonexistent", 1,
                                                  statements::kAll, nowhere.metrics);
  nowhere.store = std::make_unique<PgTaskStore>(*nowhere.pool);
  nowhere.pool->start();
  BOOST_TEST(outcome(nowhere.run(nowhere.create("early"))) == "service_unavailable");
}

// More than a socket takes at once, and answers too short to make the server send before it has read all.
BOOST_AUTO_TEST_CASE(a_large_batch_that_waits_for_the_first_connection_is_sent_whole) {
  pool = std::make_unique<ConnectionPool>(loop, own.api_url(), 1, statements::kAll, metrics, 2s);
  store = std::make_unique<PgTaskStore>(*pool);
  std::string large;
  for (int i = 0; i < 10'000; ++i) large += "\xF0\x9F\x98\x80";
  const TaskChange change{.description = large};
  std::vector<std::unique_ptr<Pending<Tasks>>> pending;
  for (int i = 0; i < 30; ++i) pending.push_back(start(store->update(user, 1, change)));
  loop.poll();
  pool->start();
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(read(metrics.database_batches) == 1U);
}

BOOST_AUTO_TEST_CASE(a_server_that_says_nothing_is_given_up_in_time) {
  const MigrationFolder folder;  // any folder of the test's own
  const Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  BOOST_REQUIRE(UnixAddress::of(folder.path() + "/.s.PGSQL.5432")->bind(listener.get()));
  BOOST_REQUIRE(::listen(listener.get(), 8) == 0);
  pool = std::make_unique<ConnectionPool>(loop, "postgresql://u@/d?connect_timeout=2&host=" + folder.path(),
                                          1, statements::kAll, metrics);
  store = std::make_unique<PgTaskStore>(*pool);
  pool->start();
  const Timer timer;
  BOOST_TEST(outcome(run(get(1))) == "service_unavailable");
  BOOST_TEST((timer.elapsed() >= 2s && timer.elapsed() < limits::kRequestDeadline));
}

BOOST_AUTO_TEST_CASE(a_database_that_is_not_migrated_serves_once_it_is) {
  const FreshDatabase bare;
  PoolFixture fixture(bare);
  fixture.connect();
  BOOST_TEST(outcome(fixture.run(fixture.create("a"))) == "service_unavailable");
  BOOST_REQUIRE(migrate(bare.url(), TASKLANE_SQL));
  BOOST_TEST(fixture.ask_until_ready(1));
  BOOST_TEST(outcome(fixture.run(fixture.create("a"))) == "ok");
}

BOOST_AUTO_TEST_CASE(a_server_that_has_become_read_only_is_left) {
  connect();
  const TaskId id = make("a");
  // As after a failover: this session, and those to come, refuse writes (25006).
  own.run("ALTER DATABASE " + own.name() + " SET default_transaction_read_only = on");
  terminate_our_sessions();
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connection_losses) == 1U; }));
  BOOST_TEST(outcome(run(get(id))) == "ok");
  auto good = start(get(id));
  auto write = start(create("b"));
  BOOST_TEST(run_until(loop, [&] { return good->answered() && write->answered(); }));
  BOOST_TEST(good->outcome() == "ok");
  BOOST_TEST(write->outcome() ==
             "service_unavailable");  // told at once: this connection has only just come up

  // One that has held is replaced, and nobody notices if the next one takes writes.
  const Timer timer;
  BOOST_TEST(run_until(loop, [&] { return timer.elapsed() > limits::kReconnectDelayMax; }));
  shared().run("ALTER DATABASE " + own.name() + " RESET default_transaction_read_only");
  Creations pending;
  for (int i = 0; i < 3; ++i) pending.push_back(start(create("c")));
  pending.push_back(start(get(id)));
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(read(metrics.database_connection_losses) == 2U);
  BOOST_TEST(count("b") == "0");
  BOOST_TEST(count("c") == "3");
}

BOOST_AUTO_TEST_SUITE_END()
