// Writes with an idempotency key in Postgres: made once, answered again, whoever comes at the same time.

#include <boost/test/unit_test.hpp>

#include "pool_fixture.h"
#include "postgres/sqlstate.h"
#include "store/key_sweep.h"
#include "tasks/task_json.h"

using namespace tasklane;

namespace {

using Answers = std::vector<std::unique_ptr<Pending<Tasks>>>;

struct OnceFixture : PoolFixture {
  explicit OnceFixture(const FreshDatabase& where = shared(), int connections = 2) : PoolFixture(where) {
    connect(connections);
  }

  boost::asio::awaitable<Result<Tasks>> create_once(std::string key, std::string title,
                                                    std::optional<std::string> description = {}) {
    return create_once_for(user, std::move(key), std::move(title), std::move(description));
  }
  boost::asio::awaitable<Result<Tasks>> create_once_for(UserId who, std::string key, std::string title,
                                                        std::optional<std::string> description = {}) {
    const NewTask task{.title = std::move(title), .description = std::move(description)};
    const Intent intent{.key = std::move(key), .fingerprint = fingerprint(task)};
    co_return co_await store->create_once(who, intent, task);
  }
  boost::asio::awaitable<Result<Tasks>> complete_once(std::string key, TaskId id,
                                                      std::optional<bool> completed = {}) {
    const Intent intent{.key = std::move(key), .fingerprint = fingerprint(id, completed)};
    const Terms terms{.intent = intent};
    co_return co_await store->complete(user, id, completed, terms);
  }

  // "made 7", "replayed 7", or the error.
  static std::string told(const Result<Tasks>& result) {
    if (!result) return outcome(result);
    if (result->rows.empty()) return "none";
    return fmt::format("{} {}", result->replayed ? "replayed" : "made", result->rows.front().id);
  }
  // How many were made, and that all others were answered the same.
  static std::size_t made_of_equals(const Answers& answers) {
    std::size_t made = 0;
    for (const auto& answer : answers) {
      const auto& result = answer->result.value();
      BOOST_REQUIRE_MESSAGE(result, outcome(result));
      BOOST_TEST(write_tasks(*result, "u") == write_tasks(**answers.front()->result, "u"));
      if (!result->replayed) ++made;
    }
    return made;
  }
  std::string keys() const {
    return database.value(
        fmt::format("SELECT count(*) FROM idempotency_keys WHERE user_id = '{}'", user.value()));
  }
  void age(const std::string& key, const std::string& age) const {
    database.run(
        fmt::format("UPDATE idempotency_keys SET stored_at = now() - interval '{}'"
                    " WHERE user_id = '{}' AND key = '{}'",
                    age, user.value(), key));
  }
};

struct OwnOnceFixture : OwnDatabase, OnceFixture {
  OwnOnceFixture() : OnceFixture(own, 1) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(idempotency_keys, OnceFixture)

BOOST_AUTO_TEST_CASE(a_task_is_made_once_and_answered_as_it_was) {
  const Tasks first = run(create_once("k", "Buy milk", "")).value();
  BOOST_TEST(!first.replayed);
  const TaskId id = first.rows.at(0).id;
  run(retitle(id, "other"));
  const Tasks second = run(create_once("k", "Buy milk", "")).value();
  BOOST_TEST(second.replayed);
  BOOST_TEST(write_tasks(second, "u") == write_tasks(first, "u"));
  run(store->remove(user, id));
  BOOST_TEST(told(run(create_once("k", "Buy milk", ""))) == fmt::format("replayed {}", id));
  BOOST_TEST(count("%") == "0");
  BOOST_TEST(keys() == "1");
}

BOOST_AUTO_TEST_CASE(texts_of_an_answer_are_kept_to_the_byte) {
  const std::string text = "it's \"quoted\" \\x00 \xF4\x8F\xBF\xBF";
  const Tasks first = run(create_once("k", text, text)).value();
  BOOST_TEST(write_tasks(run(create_once("k", text, text)).value(), "u") == write_tasks(first, "u"));
}

BOOST_AUTO_TEST_CASE(another_request_of_the_key_is_a_conflict_and_changes_nothing) {
  const TaskId id = run(create_once("k", "a")).value().rows.at(0).id;
  BOOST_TEST(told(run(create_once("k", "b"))) == "conflict");
  BOOST_TEST(told(run(complete_once("k", id))) == "conflict");
  BOOST_TEST(count("%") == "1");
  BOOST_TEST(!run(get(id)).value().rows.at(0).completed);
}

BOOST_AUTO_TEST_CASE(a_toggle_of_a_key_happens_once) {
  const TaskId id = make("a");
  const Tasks first = run(complete_once("t", id)).value();
  BOOST_TEST(first.rows.at(0).completed);
  const Tasks second = run(complete_once("t", id)).value();
  BOOST_TEST(second.replayed);
  BOOST_TEST(write_tasks(second, "u") == write_tasks(first, "u"));
  BOOST_TEST(run(get(id)).value().rows.at(0).completed);
  BOOST_TEST(!run(complete_once("u", id)).value().rows.at(0).completed);
  BOOST_TEST(told(run(complete_once("t", id, true))) == "conflict");
}

BOOST_AUTO_TEST_CASE(where_there_is_no_task_nothing_is_kept) {
  const TaskId id = make("a");
  run(store->remove(user, id));
  BOOST_TEST(told(run(complete_once("t", id))) == "none");
  BOOST_TEST(keys() == "0");
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_leaves_the_key_free) {
  BOOST_TEST(told(run(create_once("k", std::string(201, 'x')))) == "internal_server_error");
  BOOST_TEST(keys() == "0");
  BOOST_TEST(told(run(create_once("k", "fits"))).starts_with("made "));
}

BOOST_AUTO_TEST_CASE(another_user_s_equal_key_is_unrelated) {
  const TaskId id = run(create_once("k", "mine")).value().rows.at(0).id;
  const UserId other = user_named(user.value() + " no");
  const auto theirs = run(create_once_for(other, "k", "theirs"));
  BOOST_TEST(!theirs.value().replayed);
  BOOST_TEST(theirs.value().rows.at(0).id != id);
  BOOST_TEST(told(run(create_once("k", "mine"))) == fmt::format("replayed {}", id));
}

BOOST_AUTO_TEST_CASE(an_expired_key_is_as_good_as_none) {
  const std::string first = told(run(create_once("k", "a")));
  age("k", "23 hours 59 minutes");
  BOOST_TEST(told(run(create_once("k", "b"))) == "conflict");
  age("k", "24 hours");
  const std::string second = told(run(create_once("k", "b")));
  BOOST_TEST(second.starts_with("made "));
  BOOST_TEST(second != first);
  BOOST_TEST(told(run(create_once("k", "b"))).starts_with("replayed "));
  BOOST_TEST(keys() == "1");

  const TaskId id = make("t");
  run(complete_once("c", id));
  age("c", "25 hours");
  BOOST_TEST(!run(complete_once("c", id)).value().rows.at(0).completed);
  BOOST_TEST(run(complete_once("c", id)).value().replayed);
}

BOOST_AUTO_TEST_CASE(equal_requests_of_one_batch_make_one_task) {
  const auto batches = read(metrics.database_batches);
  Answers answers;
  for (int i = 0; i < 20; ++i) answers.push_back(start(create_once("k", "t")));
  answers.push_back(start(create("beside")));
  BOOST_TEST(wait(answers));
  BOOST_TEST(read(metrics.database_batches) == batches + 1);
  answers.pop_back();
  BOOST_TEST(made_of_equals(answers) == 1U);
  BOOST_TEST(count("%") == "2");
}

// Of another worker, so on another connection; the one that has not committed holds the other up.
BOOST_AUTO_TEST_CASE(equal_requests_on_two_connections_make_one_task) {
  OnceFixture second;
  second.user = user;
  for (int round = 0; round < 20; ++round) {
    Answers answers;
    for (int i = 0; i < 3; ++i) {
      answers.push_back(start(create_once(fmt::format("k{}", round), "t")));
      answers.push_back(second.start(second.create_once(fmt::format("k{}", round), "t")));
    }
    BOOST_TEST(run_until(loop, [&] {
      second.loop.restart();
      second.loop.poll();
      return std::ranges::all_of(answers, [](const auto& answer) { return answer->answered(); });
    }));
    BOOST_TEST(made_of_equals(answers) == 1U);
  }
  BOOST_TEST(count("t") == "20");
}

// The outcome of the first is unknown to its client: what follows is right whether it commits or not.
BOOST_AUTO_TEST_CASE(a_request_waits_for_one_under_way_and_then_answers_as_it_did) {
  const NewTask task{.title = "t", .description = {}};
  std::string print;
  for (const auto byte : fingerprint(task)) print += fmt::format("{:02x}", byte);
  for (const bool committed : {true, false}) {
    const std::string key = committed ? "committed" : "undone";
    pqxx::connection connection(database.url());
    pqxx::work first(connection);
    first.exec(fmt::format(
        "WITH made AS (INSERT INTO tasks (user_id, title) VALUES ('{}', 't') RETURNING *)"
        " INSERT INTO idempotency_keys (user_id, key, fingerprint, id, title, completed, created_at,"
        " updated_at) SELECT user_id, '{}', '\\x{}', id, title, completed, created_at, updated_at FROM made",
        user.value(), key, print));
    Answers answers;
    answers.push_back(start(create_once(key, "t")));
    answers.push_back(start(create("beside")));
    BOOST_TEST(wait_for_blocked());
    BOOST_TEST(answers.front()->outcome() == "pending");
    committed ? first.commit() : first.abort();
    BOOST_TEST(wait(answers));
    BOOST_TEST(answers.front()->result->value().replayed == committed);
    BOOST_TEST(answers.back()->outcome() == "ok");
  }
  BOOST_TEST(count("t") == "2");
  BOOST_TEST(count("beside") == "2");
}

BOOST_AUTO_TEST_CASE(two_toggles_of_a_key_at_once_are_one) {
  OnceFixture second;
  second.user = user;
  const TaskId id = make("t");
  Rival rival(database, lock_task(id));
  Answers answers;
  answers.push_back(start(complete_once("t", id)));
  answers.push_back(second.start(second.complete_once("t", id)));
  const auto turn_both = [&](auto condition) {
    return run_until(loop, [&] {
      second.loop.restart();
      second.loop.poll();
      return condition();
    });
  };
  BOOST_TEST(turn_both([&] {
    return database.value(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
               " AND application_name = 'tasklane' AND wait_event_type = 'Lock'") == "2";
  }));
  rival.release();
  BOOST_TEST(turn_both(
      [&] { return std::ranges::all_of(answers, [](const auto& answer) { return answer->answered(); }); }));
  BOOST_TEST(made_of_equals(answers) == 1U);
  BOOST_TEST(run(get(id)).value().rows.at(0).completed);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// One connection; the store takes the sweep along.
struct SweepFixture : OwnOnceFixture {
  void sweep_every(std::chrono::milliseconds interval) {
    sweep = std::make_unique<KeySweep>(*pool, metrics, interval);
    store = std::make_unique<PgTaskStore>(*pool, sweep.get());
  }
  void keep_expired() {
    run(create_once("k", "t"));
    age("k", "25 hours");
  }
  // A request, and then one that comes when what went along with it has ended: they share the connection.
  void ask() {
    run(get(1));
    await(loop, ping());
  }
  boost::asio::awaitable<Result<Rows>> ping() {
    return pool->run(statements::kPing, limits::kRequestDeadline);
  }
  std::uint64_t removed() const { return read(metrics.idempotency_keys_removed); }

  std::unique_ptr<KeySweep> sweep;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_sweep, SweepFixture)

BOOST_AUTO_TEST_CASE(requests_take_every_expired_key_along_in_bounded_steps_and_no_other) {
  own.run(
      "INSERT INTO idempotency_keys (user_id, key, fingerprint, stored_at, id, title, completed, created_at,"
      " updated_at) SELECT 'user ' || n % 7, 'k' || n, sha256(''), now() - interval '23 hours' - n * interval"
      " '1 minute', 1, 't', false, now(), now() FROM generate_series(1, 1260) AS n");
  sweep_every(std::chrono::milliseconds(0));
  for (const unsigned so_far : {500U, 1000U, 1201U, 1201U}) {
    ask();
    BOOST_TEST(removed() == so_far);
  }
  BOOST_TEST(own.value("SELECT count(*) FROM idempotency_keys") == "59");
}

BOOST_AUTO_TEST_CASE(a_read_and_the_sweep_share_a_round_trip) {
  sweep_every(std::chrono::milliseconds(0));
  const auto batches = read(metrics.database_batches);
  const auto statements = read(metrics.database_statements);
  run(get(1));
  BOOST_TEST(read(metrics.database_batches) == batches + 1);
  BOOST_TEST(read(metrics.database_statements) == statements + 2);
}

BOOST_AUTO_TEST_CASE(a_write_is_committed_before_the_sweep_begins) {
  sweep_every(std::chrono::milliseconds(0));
  Rival rival(own, "LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE");  // the sweep would wait
  BOOST_TEST(outcome(run(create("a"))) == "ok");
  BOOST_TEST(count("a") == "1");
}

BOOST_AUTO_TEST_CASE(nothing_goes_along_before_its_time) {
  sweep_every(std::chrono::hours(1));
  keep_expired();
  const auto statements = read(metrics.database_statements);
  for (int i = 0; i < 10; ++i) run(get(1));
  BOOST_TEST(read(metrics.database_statements) == statements + 10);
  BOOST_TEST(keys() == "1");
}

BOOST_AUTO_TEST_CASE(leaves_the_work_to_a_worker_that_is_at_it) {
  keep_expired();
  sweep_every(std::chrono::milliseconds(0));
  Rival rival(own, "SELECT pg_advisory_xact_lock(1801812339)");
  ask();
  BOOST_TEST(removed() == 0U);
  rival.release();
  ask();
  BOOST_TEST(removed() == 1U);
}

// So it is in no deadlock: a request may wait for the sweep, and the sweep does not wait.
BOOST_AUTO_TEST_CASE(does_not_wait_for_a_key_that_a_request_has_locked) {
  keep_expired();
  sweep_every(std::chrono::milliseconds(0));
  Rival rival(own, "SELECT FROM idempotency_keys FOR UPDATE");
  ask();
  BOOST_TEST(removed() == 0U);
  BOOST_TEST(read(metrics.database_errors[static_cast<std::size_t>(SqlstateClass::unavailable)]) == 1U);
  BOOST_TEST(outcome(run(create("beside"))) == "ok");
  rival.release();
  ask();
  BOOST_TEST(removed() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
