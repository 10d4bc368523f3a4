// Prepared statements that are not what they were: behind a pooler that knows none, and after a migration.

#include <boost/test/unit_test.hpp>
#include <pqxx/nontransaction>

#include "pool_fixture.h"
#include "pooler.h"
#include "postgres/sqlstate.h"
#include "postgres/transaction.h"

using namespace tasklane;

namespace {

struct PooledFixture : OwnPoolFixture {
  Pooler pooler{own};

  void connect_through_pooler(int connections) {
    pool = std::make_unique<ConnectionPool>(loop, pooler.url(), connections, statements::kAll, metrics);
    store = std::make_unique<PgTaskStore>(*pool);
    pool->start();
    BOOST_TEST(run_until(loop, [&] {
      return read(metrics.database_connections_ready) == static_cast<std::uint64_t>(connections);
    }));
  }
  std::uint64_t unprepared() const {
    return read(metrics.database_errors[static_cast<std::size_t>(SqlstateClass::unprepared)]);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pooler, PooledFixture)

// The connection on which the names were prepared is somebody else's by the time they are used.
BOOST_AUTO_TEST_CASE(a_name_unknown_to_the_server_connection_goes_on_unnamed) {
  connect_through_pooler(1);
  BOOST_TEST(read(metrics.database_unnamed) == 0U);
  pqxx::connection other(pooler.url());
  pqxx::work work(other);
  work.exec("SELECT 1");
  Creations pending;
  for (const char* title : {"a", "b", "c"}) pending.push_back(start(create(title)));
  pending.push_back(start(get(1)));
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(count("_") == "3");  // none twice
  BOOST_TEST(read(metrics.database_unnamed) == 1U);
  BOOST_TEST(unprepared() == 2U);  // of a read and of BEGIN, each in its transaction
  BOOST_TEST(read(metrics.database_connection_losses) == 0U);
}

BOOST_AUTO_TEST_CASE(a_single_statement_with_an_unknown_name_runs_again) {
  connect_through_pooler(1);
  pqxx::connection other(pooler.url());
  pqxx::work work(other);
  work.exec("SELECT 1");
  BOOST_TEST(outcome(run(create("a"))) == "ok");
  BOOST_TEST(unprepared() == 1U);
  BOOST_TEST(count("a") == "1");
}

// Its block is ended before what was in it runs again.
BOOST_AUTO_TEST_CASE(a_commit_with_an_unknown_name_runs_again_unnamed) {
  connect_through_pooler(1);
  pqxx::connection other(pooler.url());
  pqxx::nontransaction(other).exec(fmt::format("DEALLOCATE {}", transaction::kCommit.prepared_name.c_str()));
  Creations pending;
  for (const char* title : {"a", "b", "c"}) pending.push_back(start(create(title)));
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(count("_") == "3");
  BOOST_TEST(unprepared() == 1U);
  BOOST_TEST(read(metrics.database_unnamed) == 1U);
  BOOST_TEST(read(metrics.database_connection_losses) == 0U);
  BOOST_TEST(outcome(run(create("d"))) == "ok");
}

BOOST_AUTO_TEST_CASE(every_operation_works_unnamed_and_errors_stay_their_own) {
  connect_through_pooler(4);  // the second to prepare on a server connection is refused (42P05)
  BOOST_TEST(read(metrics.database_unnamed) == 1U);
  const TaskId id = make("first");
  const TaskChange change{.description = "new", .completed = true};
  const auto changed = run(store->update(user, id, change));
  BOOST_REQUIRE(changed);
  BOOST_TEST(changed->rows.at(0).description.value_or("") == "new");
  BOOST_TEST(run(store->complete(user, id, std::nullopt)).value().rows.at(0).completed == false);
  BOOST_TEST(run(store->list(user, TaskFilter::active)).value().rows.size() == 1U);
  BOOST_TEST(run(store->list(user, TaskFilter::all)).value().rows.size() == 1U);
  BOOST_TEST(outcome(run(pool->run(statements::kPing, std::chrono::seconds(2)))) == "ok");
  Creations pending;
  for (int i = 0; i < 50; ++i)
    pending.push_back(start(create(i % 10 == 3 ? std::string(201, 'x') : std::string("good"))));
  BOOST_TEST(wait(pending));
  for (std::size_t i = 0; i < pending.size(); ++i)
    BOOST_TEST(pending[i]->outcome() == (i % 10 == 3 ? "internal_server_error" : "ok"));
  BOOST_TEST(count("good") == "45");
  BOOST_TEST(run(store->remove(user, id)).value().rows.size() == 1U);
  BOOST_TEST(read(metrics.database_connection_losses) == 0U);
}

BOOST_AUTO_TEST_CASE(what_was_learned_outlives_the_connection) {
  connect_through_pooler(4);
  BOOST_TEST(outcome(run(create("a"))) == "ok");
  BOOST_TEST(read(metrics.database_unnamed) == 1U);
  const auto before = unprepared();
  pooler.stop();
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connection_losses) == 4U; }));
  pooler.start();
  BOOST_TEST(ask_until_ready(4));
  BOOST_TEST(outcome(run(create("b"))) == "ok");
  BOOST_TEST(unprepared() == before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(changed_schema, OwnPoolFixture)

// "cached plan must not change result type"
BOOST_AUTO_TEST_CASE(statements_are_prepared_anew_when_their_columns_have_changed) {
  connect();
  const TaskId id = make("a");
  const auto since = Clock::now();
  BOOST_TEST(run_until(loop, [&] { return Clock::now() - since > limits::kReconnectDelayMax; }));
  own.run("ALTER TABLE tasks ALTER COLUMN description TYPE varchar");
  Creations pending;
  pending.push_back(start(create("b")));
  pending.push_back(start(get(id)));
  pending.push_back(start(create("c")));
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(count("_") == "3");
  BOOST_TEST(read(metrics.database_connection_losses) == 1U);
  BOOST_TEST(read(metrics.database_unnamed) == 0U);

  // A connection that has only just come up, and has old plans: a pooler lends old ones.
  own.run("ALTER TABLE tasks ALTER COLUMN description TYPE text");
  BOOST_TEST(outcome(run(get(id))) == "ok");
  BOOST_TEST(outcome(run(create("d"))) == "ok");
  BOOST_TEST(read(metrics.database_connection_losses) + read(metrics.database_unnamed) == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
