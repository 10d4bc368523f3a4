// Batches: what shares one, what happens when one of its statements fails, and that nothing runs twice.

#include <boost/test/unit_test.hpp>

#include "pool_fixture.h"

using namespace tasklane;

namespace {

struct PipelineFixture : PoolFixture {
  PipelineFixture() { connect(); }

  // All in one turn of the loop, each with its title.
  Creations create_all(const std::vector<std::string>& titles) {
    Creations pending;
    for (const auto& title : titles) pending.push_back(start(create(title)));
    BOOST_TEST(wait(pending));
    return pending;
  }
  static std::string outcomes(const Creations& pending) {
    std::string text;
    for (const auto& one : pending) text += (text.empty() ? "" : " ") + one->outcome();
    return text;
  }
  std::uint64_t batches() const { return read(metrics.database_batches); }
};

// 201 characters: the check of its length refuses it (23514).
const std::string kTooLong(201, 'x');

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipeline, PipelineFixture)

BOOST_AUTO_TEST_CASE(statements_of_one_turn_share_one_batch) {
  create_all({"a", "b", "c", "d", "e", "f", "g", "h"});
  BOOST_TEST(batches() == 1U);
  BOOST_TEST(read(metrics.database_statements) == 8U);
  BOOST_TEST(read(metrics.database_statements_in_flight) == 0U);
  BOOST_TEST(read(metrics.database_batch_failures) == 0U);
  BOOST_TEST(count("%") == "8");
}

BOOST_AUTO_TEST_CASE(a_batch_is_bounded) {
  create_all(std::vector<std::string>(300, "t"));
  BOOST_TEST(batches() == 2U);
  BOOST_TEST(count("t") == "300");
}

BOOST_AUTO_TEST_CASE(what_arrives_while_a_batch_is_in_flight_forms_the_next) {
  const TaskId id = make("a");
  Rival rival(database, lock_task(id));
  Creations pending;
  pending.push_back(start(retitle(id, "b")));
  BOOST_TEST(wait_for_blocked());
  const auto before = batches();
  for (int i = 0; i < 20; ++i) {
    pending.push_back(start(create("later")));
    loop.poll();  // each in a turn of its own
  }
  BOOST_TEST(batches() == before);
  BOOST_TEST(pending.back()->outcome() == "pending");
  rival.release();
  BOOST_TEST(wait(pending));
  BOOST_TEST(batches() == before + 1);
  BOOST_TEST(count("later") == "20");
}

// A commit may take long. The write stands on its user's connection, whichever that is: the first or the
// second.
BOOST_AUTO_TEST_CASE(a_read_waits_for_no_write) {
  for (int other = 0; other < 8; ++other) {
    PoolFixture two(database);
    two.connect(2);
    const TaskId id = two.make("a");
    Rival rival(database, two.lock_task(id));
    const auto write = two.start(two.retitle(id, "b"));
    const auto read = two.start(two.get(id));
    BOOST_TEST(run_until(two.loop, [&] { return read->answered(); }));
    BOOST_TEST(!write->answered());
    rival.release();
    BOOST_TEST(run_until(two.loop, [&] { return write->answered(); }));
  }
}

BOOST_AUTO_TEST_CASE(a_statement_that_fails_in_a_batch_fails_alone) {
  for (std::size_t bad = 0; bad < 4; ++bad) {
    std::vector<std::string> titles(4, fmt::format("good {}", bad));
    titles[bad] = kTooLong;
    const auto failures = read(metrics.database_batch_failures);
    const Creations pending = create_all(titles);
    for (std::size_t i = 0; i < 4; ++i)
      BOOST_TEST(pending[i]->outcome() == (i == bad ? "internal_server_error" : "ok"));
    BOOST_TEST(pending[bad]->result->error().detail == "Internal server error");
    BOOST_TEST(read(metrics.database_batch_failures) == failures + 1);
    BOOST_TEST(count(titles[(bad + 1) % 4]) == "3");  // none twice
  }
  BOOST_TEST(read(metrics.database_connection_losses) == 0U);
  BOOST_TEST(read(metrics.database_statements_in_flight) == 0U);
}

BOOST_AUTO_TEST_CASE(several_failures_in_a_batch_are_each_their_own) {
  BOOST_TEST(outcomes(create_all({kTooLong, "a", kTooLong, kTooLong, "b", kTooLong})) ==
             "internal_server_error ok internal_server_error internal_server_error ok internal_server_error");
  BOOST_TEST(count("%") == "2");
  BOOST_TEST(outcomes(create_all({kTooLong, kTooLong})) == "internal_server_error internal_server_error");
  BOOST_TEST(outcomes(create_all({kTooLong})) == "internal_server_error");
  BOOST_TEST(outcomes(create_all({"c"})) == "ok");
}

BOOST_AUTO_TEST_CASE(text_that_the_server_refuses_fails_alone) {
  using namespace std::literals;
  BOOST_TEST(outcomes(create_all({"a", "nul \0 inside"s, "\xFF\xFE", "b"})) ==
             "ok internal_server_error internal_server_error ok");
  BOOST_TEST(count("%") == "2");
}

// It goes ahead of the writes, and is not undone with them.
BOOST_AUTO_TEST_CASE(a_read_sees_nothing_of_the_writes_of_its_batch) {
  const TaskId id = make("before");
  Creations pending;
  pending.push_back(start(retitle(id, "after")));
  pending.push_back(start(get(id)));
  pending.push_back(start(create(kTooLong)));
  BOOST_TEST(wait(pending));
  BOOST_TEST(outcomes(pending) == "ok ok internal_server_error");
  BOOST_TEST(pending[1]->result->value().rows.at(0).title == "before");
  BOOST_TEST(count("after") == "1");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pipeline_on_its_own_database, OwnPoolFixture)

BOOST_AUTO_TEST_CASE(a_statement_that_times_out_holds_the_others_up_once) {
  own.run("ALTER ROLE tasklane_api IN DATABASE " + own.name() + " SET statement_timeout = '150ms'");
  connect();
  const TaskId id = make("a");
  Rival rival(own, lock_task(id));
  const auto statements = read(metrics.database_statements);
  Creations pending;
  pending.push_back(start(create("one")));
  pending.push_back(start(retitle(id, "b")));
  pending.push_back(start(create("two")));
  BOOST_TEST(wait(pending));
  BOOST_TEST(pending[0]->outcome() == "ok");
  BOOST_TEST(pending[1]->outcome() == "service_unavailable");
  BOOST_TEST(pending[2]->outcome() == "ok");
  // Three together, then the two others apart: the one that timed out does not run, and wait, again.
  BOOST_TEST(read(metrics.database_statements) == statements + 5);
  rival.release();
  BOOST_TEST(count("one") == "1");
  BOOST_TEST(count("a") == "1");

  Rival again(own, lock_task(id));
  BOOST_TEST(outcome(run(retitle(id, "b"))) == "service_unavailable");
  again.release();
  BOOST_TEST(outcome(run(retitle(id, "b"))) == "ok");
}

BOOST_AUTO_TEST_CASE(a_statement_that_somebody_cancels_fails_alone) {
  connect();
  const TaskId id = make("a");
  Rival rival(own, lock_task(id));
  Creations pending;
  pending.push_back(start(create("one")));
  pending.push_back(start(retitle(id, "b")));
  pending.push_back(start(get(id)));
  pending.push_back(start(create("two")));
  BOOST_TEST(wait_for_blocked());
  own.run(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
      " AND application_name = 'tasklane'");
  BOOST_TEST(wait(pending));
  BOOST_TEST(pending[0]->outcome() == "ok");
  BOOST_TEST(pending[1]->outcome() == "service_unavailable");
  BOOST_TEST(pending[2]->outcome() == "ok");
  BOOST_TEST(pending[3]->outcome() == "ok");
  rival.release();
  BOOST_TEST(count("one") == "1");
  BOOST_TEST(count("two") == "1");
  BOOST_TEST(count("a") == "1");
  BOOST_TEST(read(metrics.database_connection_losses) == 0U);
}

// A batch is committed as a whole or not at all: what it had done before the end is gone.
BOOST_AUTO_TEST_CASE(a_batch_whose_session_is_ended_has_done_nothing) {
  connect();
  const TaskId id = make("a");
  Rival rival(own, lock_task(id));
  Creations pending;
  pending.push_back(start(create("one")));
  pending.push_back(start(get(id)));
  pending.push_back(start(retitle(id, "b")));
  BOOST_TEST(wait_for_blocked());
  terminate_our_sessions();
  BOOST_TEST(wait(pending));
  BOOST_TEST(pending[0]->outcome() == "outcome_unknown");
  BOOST_TEST(pending[1]->outcome() == "ok");
  BOOST_TEST(pending[2]->outcome() == "outcome_unknown");
  rival.release();
  BOOST_TEST(count("one") == "0");
  BOOST_TEST(count("a") == "1");
}

BOOST_AUTO_TEST_CASE(a_commit_that_fails_is_its_own_statement_s_failure) {
  own.run(R"(
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'refused at commit' USING ERRCODE = 'check_violation'; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON tasks DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.title = 'refuse me') EXECUTE FUNCTION refuse();)");
  connect();
  for (std::size_t bad = 0; bad < 4; ++bad) {
    Creations pending;
    for (std::size_t i = 0; i < 4; ++i)
      pending.push_back(start(create(i == bad ? std::string("refuse me") : fmt::format("good {}", bad))));
    BOOST_TEST(wait(pending));
    for (std::size_t i = 0; i < 4; ++i)
      BOOST_TEST(pending[i]->outcome() == (i == bad ? "internal_server_error" : "ok"));
    BOOST_TEST(count(fmt::format("good {}", bad)) == "3");
  }
  BOOST_TEST(outcome(run(create("refuse me"))) == "internal_server_error");
  BOOST_TEST(count("refuse me") == "0");
  BOOST_TEST(outcome(run(create("fine"))) == "ok");
  BOOST_TEST(read(metrics.database_connection_losses) == 0U);
}

// A sequence keeps what a rolled back transaction has counted.
BOOST_AUTO_TEST_CASE(a_lost_conflict_is_run_again_a_few_times_at_most) {
  own.run(R"(
    CREATE SEQUENCE attempts;
    CREATE TABLE losses (title text PRIMARY KEY, times int);
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      IF nextval('attempts') <= (SELECT times FROM losses WHERE title = NEW.title) THEN
        RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER lose BEFORE INSERT ON tasks
      FOR EACH ROW WHEN (NEW.title LIKE 'lose%') EXECUTE FUNCTION lose();
    INSERT INTO losses VALUES ('lose twice', 2), ('lose always', 1000);)");
  connect();
  BOOST_TEST(outcome(run(create("lose twice"))) == "ok");
  BOOST_TEST(count("lose twice") == "1");
  BOOST_TEST(own.value("SELECT last_value FROM attempts") == "3");

  own.run("ALTER SEQUENCE attempts RESTART");
  BOOST_TEST(outcome(run(create("lose always"))) == "service_unavailable");
  BOOST_TEST(own.value("SELECT last_value FROM attempts") == "4");

  own.run("ALTER SEQUENCE attempts RESTART");
  Creations pending;
  for (const char* title : {"a", "lose twice", "b"}) pending.push_back(start(create(title)));
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(count("lose twice") == "2");
  BOOST_TEST(count("_") == "2");
}

// Two workers with a pool each.
struct TwoPools {
  explicit TwoPools(OwnPoolFixture& first_pool) : first(first_pool), second(first_pool.own) {
    first.own.run(R"(
      CREATE TABLE committed (title text);
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO committed VALUES (NEW.title);
        IF NEW.title LIKE 'slow%' THEN PERFORM pg_sleep(0.1); END IF;
        IF NEW.title LIKE '% both' THEN PERFORM FROM tasks WHERE title IN ('one', 'two') FOR UPDATE; END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER linger AFTER UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION linger();
    )");
    first.own.run("ALTER DATABASE " + first.own.name() + " SET deadlock_timeout = '50ms'");
    first.connect();
    second.user = first.user;
    second.connect();
  }
  // All of `pending` are answered, and well.
  bool succeed(const Creations& pending) {
    const auto answered = [](const auto& one) { return one->answered(); };
    const bool all = run_until(first.loop, [&] {
      second.loop.restart();
      second.loop.poll();
      return std::ranges::all_of(pending, answered);
    });
    return all && std::ranges::all_of(pending, [](const auto& one) { return one->outcome() == "ok"; });
  }
  std::uint64_t failures() const {
    return read(first.metrics.database_batch_failures) + read(second.metrics.database_batch_failures);
  }
  // Each once and only once, whatever was undone on the way.
  std::string committed() const {
    return first.own.value("SELECT string_agg(title, ', ' ORDER BY title) FROM committed");
  }

  OwnPoolFixture& first;
  PoolFixture second;
};

BOOST_AUTO_TEST_CASE(two_batches_that_change_the_same_rows_take_turns) {
  TwoPools pools(*this);
  const TaskId one = make("one");
  const TaskId two = make("two");
  Creations pending;
  pending.push_back(start(retitle(one, "slow ours")));
  pending.push_back(start(retitle(two, "ours")));
  pending.push_back(pools.second.start(pools.second.retitle(two, "theirs")));
  pending.push_back(pools.second.start(pools.second.retitle(one, "slow theirs")));

  BOOST_TEST(pools.succeed(pending));
  BOOST_TEST(pools.failures() == 0U);
  BOOST_TEST(pools.committed() == "ours, slow ours, slow theirs, theirs");
}

// Each batch wants what the other has locked, in a way that no order can prevent.
BOOST_AUTO_TEST_CASE(two_batches_in_deadlock_are_mended) {
  TwoPools pools(*this);
  const TaskId one = make("one");
  const TaskId two = make("two");
  const TaskId three = make("three");
  const TaskId four = make("four");
  Creations pending;
  pending.push_back(start(retitle(one, "slow ours both")));
  pending.push_back(start(retitle(three, "ours")));
  pending.push_back(pools.second.start(pools.second.retitle(two, "slow theirs both")));
  pending.push_back(pools.second.start(pools.second.retitle(four, "theirs")));

  BOOST_TEST(pools.succeed(pending));
  BOOST_TEST(pools.failures() >= 1U);
  BOOST_TEST(pools.committed() == "ours, slow ours both, slow theirs both, theirs");
}

BOOST_AUTO_TEST_SUITE_END()
