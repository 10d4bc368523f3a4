// What an engine of several nodes (Citus) needs of us, and the errors that only it gives, with a plain server
// that is told to behave like it. docs/SCALING.md says what was tried with the real one.

#include <boost/test/unit_test.hpp>

#include "pool_fixture.h"
#include "schema/migrations.h"
#include "tasks/intent.h"

using namespace tasklane;

namespace {

struct DistributedFixture : OwnPoolFixture {
  static boost::asio::awaitable<Result<Tasks>> create_once(PgTaskStore& store, UserId user,
                                                           std::string title) {
    const NewTask task{.title = std::move(title), .description = {}};
    const Intent intent{.key = "k", .fingerprint = fingerprint(task)};
    co_return co_await store.create_once(user, intent, task);
  }
};

// In our session: how often BEGIN and COMMIT have run when a task is made.
constexpr const char* kCountBlocks = R"(
  CREATE TABLE blocks (title text, begun bigint, committed bigint);
  CREATE FUNCTION count_blocks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO blocks SELECT NEW.title, sum(runs) FILTER (WHERE statement = 'BEGIN'),
                              sum(runs) FILTER (WHERE statement = 'COMMIT')
      FROM (SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements) AS prepared;
    RETURN NEW;
  END $$;
  CREATE TRIGGER count_blocks BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION count_blocks();)";

// Two requests with a key at once: the second waits for the first, and then the node's 23505 comes as XX000,
// since Citus copies rows to their shard.
constexpr const char* kRefuseAsCitusDoes = R"(
  CREATE FUNCTION refuse_duplicate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(NEW.user_id));
    IF EXISTS (SELECT FROM idempotency_keys WHERE user_id = NEW.user_id AND key = NEW.key) THEN
      RAISE 'duplicate key value violates unique constraint "idempotency_keys_pkey_102040"' USING ERRCODE = 'XX000';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION refuse_duplicate();)";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(distributed_engines, DistributedFixture)

// Their nodes get no BEGIN from a pipeline's implicit transaction.
BOOST_AUTO_TEST_CASE(several_writes_stand_between_begin_and_commit_and_one_stands_alone) {
  own.run(kCountBlocks);
  connect();
  make("alone");
  Creations pending;
  for (const char* title : {"a", "b", "c"}) pending.push_back(start(create(title)));
  BOOST_TEST(wait(pending));
  make("after");
  const auto seen =
      own.run("SELECT title || begun || committed FROM blocks ORDER BY begun, committed, title");
  std::string all;
  for (const auto& row : seen) all += row[0].as<std::string>() + " ";
  BOOST_TEST(all == "alone00 a10 b10 c10 after11 ");
}

// One of them is told that its outcome is unknown, and its repetition finds what the other has made.
BOOST_AUTO_TEST_CASE(equal_keys_at_once_make_one_task_though_the_duplicate_is_an_internal_error) {
  own.run(kRefuseAsCitusDoes);
  PoolFixture second(own);
  connect();
  second.connect();
  Rival rival(own, fmt::format("SELECT pg_advisory_xact_lock(hashtext('{}'))", user.value()));
  Creations answers;
  answers.push_back(start(create_once(*store, user, "t")));
  answers.push_back(second.start(create_once(*second.store, user, "t")));
  const auto turn_both = [&](auto condition) {
    return run_until(loop, [&] {
      second.loop.restart();
      second.loop.poll();
      return condition();
    });
  };
  BOOST_TEST(turn_both([&] {
    return own.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") == "2";
  }));
  rival.release();
  BOOST_TEST(turn_both([&] { return answers[0]->answered() && answers[1]->answered(); }));
  const bool first_made = answers[0]->outcome() == "ok";
  BOOST_TEST(answers[first_made ? 0 : 1]->outcome() == "ok");
  BOOST_TEST(answers[first_made ? 1 : 0]->outcome() == "outcome_unknown");
  BOOST_TEST(run(create_once(*store, user, "t")).value().replayed);
  BOOST_TEST(count("t") == "1");
}

// SQLSTATE 08006 on a connection that lives: libpqxx takes it for a lost one.
BOOST_AUTO_TEST_CASE(a_migration_that_a_node_refuses_tells_the_server_s_sentence) {
  const std::string next =
      own.value("SELECT lpad((max(version) + 1)::text, 4, '0') FROM tasklane_migrations") + "_refused.sql";
  for (const std::string said :
       {"connection to the remote node owner@192.0.2.7:5432 failed with the following error: fe_sendauth: no"
        " password supplied",
        "connection to the remote node owner@192.0.2.7:5432 failed with the following error: FATAL:  password"
        " authentication failed for user \"owner\""}) {
    const MigrationFolder folder;
    folder.write(next, fmt::format("DO $$ BEGIN RAISE '{}' USING ERRCODE = '08006'; END $$;", said));
    const auto report = migrate(own.url(), folder.path());
    BOOST_REQUIRE(!report);
    BOOST_TEST((report.error().kind == DatabaseError::Kind::temporary));
    BOOST_TEST(report.error().sentence == fmt::format("{}: {}", next, said));
  }
}

BOOST_AUTO_TEST_SUITE_END()
