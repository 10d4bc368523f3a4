// Versions of tasks in Postgres: every change counts, a change that is bound to a version is made once, and
// what workers of the release before change is counted, too.

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <map>
#include <pqxx/nontransaction>
#include <set>
#include <thread>

#include "pool_fixture.h"
#include "schema/migrations.h"

using namespace tasklane;

namespace {

const TaskChange kRename{.title = "renamed"};

struct VersionsFixture : PoolFixture {
  VersionsFixture() { connect(2); }

  boost::asio::awaitable<Result<Tasks>> rename(TaskId id, IfMatch versions, std::string key = {}) {
    Terms terms{.intent = {}, .if_match = std::move(versions)};
    if (!key.empty())
      terms.intent = Intent{.key = std::move(key), .fingerprint = fingerprint(id, kRename, terms.if_match)};
    co_return co_await store->update(user, id, kRename, terms);
  }
  boost::asio::awaitable<Result<Tasks>> toggle(TaskId id, IfMatch versions = {}) {
    const Terms terms{.intent = {}, .if_match = std::move(versions)};
    co_return co_await store->complete(user, id, std::nullopt, terms);
  }
  boost::asio::awaitable<Result<Tasks>> remove(TaskId id, IfMatch versions, std::string key = {}) {
    Terms terms{.intent = {}, .if_match = std::move(versions)};
    if (!key.empty())
      terms.intent =
          Intent{.key = std::move(key), .fingerprint = fingerprint_of_deletion(id, terms.if_match)};
    co_return co_await store->remove(user, id, terms);
  }
  TaskStats stats() { return run(store->stats(user)).value(); }

  // "made 2", "replayed 2", "not matched 3", "none", or the error.
  static std::string told(const Result<Tasks>& result) {
    if (!result) return outcome(result);
    if (result->rows.empty()) return "none";
    return fmt::format("{} {}",
                       !result->matched   ? "not matched"
                       : result->replayed ? "replayed"
                                          : "made",
                       result->rows.front().version);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(versions, VersionsFixture)

BOOST_AUTO_TEST_CASE(every_change_adds_one) {
  const TaskId id = make("a");
  BOOST_TEST(told(run(get(id))) == "made 1");
  BOOST_TEST(told(run(retitle(id, "b"))) == "made 2");
  BOOST_TEST(told(run(toggle(id))) == "made 3");
  BOOST_TEST(told(run(rename(id, {}, "k"))) == "made 4");
  BOOST_TEST(told(run(rename(id, IfMatch{{4}}))) == "made 5");
  BOOST_TEST(told(run(get(id))) == "made 5");
}

BOOST_AUTO_TEST_CASE(each_change_of_a_task_in_one_batch_counts) {
  const TaskId id = make("a");
  Creations toggles;
  for (int i = 0; i < 20; ++i) toggles.push_back(start(toggle(id)));
  BOOST_REQUIRE(wait(toggles));
  std::set<std::string> seen;
  for (const auto& one : toggles) seen.insert(told(one->result.value()));
  BOOST_TEST(seen.size() == 20U);
  BOOST_TEST(told(run(get(id))) == "made 21");
}

BOOST_AUTO_TEST_CASE(a_change_is_made_of_the_versions_it_names) {
  const TaskId id = make("a");
  BOOST_TEST(told(run(rename(id, IfMatch{{7, 1}}))) == "made 2");
  BOOST_TEST(told(run(rename(id, IfMatch{{1}}))) == "not matched 2");
  BOOST_TEST(told(run(toggle(id, IfMatch(std::in_place)))) == "not matched 2");
  BOOST_TEST(told(run(toggle(id, IfMatch{{2}}))) == "made 3");
  BOOST_TEST(told(run(remove(id, IfMatch{{2}}))) == "not matched 3");
  BOOST_TEST(told(run(remove(id, IfMatch{{3}}))) == "made 3");
  BOOST_TEST(told(run(rename(id, IfMatch{{3}}))) == "none");
  BOOST_TEST(told(run(remove(id, IfMatch{{3}}))) == "none");
  BOOST_TEST(told(run(toggle(id, IfMatch{{3}}))) == "none");
}

// Of many who have seen the same version one changes it.
BOOST_AUTO_TEST_CASE(of_many_at_once_one_is_first) {
  VersionsFixture other;
  other.user = user;
  for (int round = 0; round < 10; ++round) {
    const TaskId id = make("a");
    Creations pending;
    for (int i = 0; i < 10; ++i) {
      pending.push_back(start(rename(id, IfMatch{{1}})));
      pending.push_back(other.start(other.rename(id, IfMatch{{1}})));
    }
    BOOST_REQUIRE(run_until(loop, [&] {
      other.loop.restart();
      other.loop.poll();
      return std::ranges::all_of(pending, [](const auto& one) { return one->answered(); });
    }));
    std::map<std::string, int> counts;
    for (const auto& one : pending) ++counts[told(one->result.value())];
    BOOST_TEST(counts["made 2"] == 1);
    BOOST_TEST(counts["not matched 2"] == 19);
  }
}

// The version that is told is the one that the change came behind, not the one of its snapshot.
BOOST_AUTO_TEST_CASE(who_waits_for_a_change_is_told_its_version) {
  const TaskId id = make("a");
  pqxx::connection connection(database.url());
  pqxx::work rival(connection);
  rival.exec(fmt::format("UPDATE tasks SET title = 'theirs' WHERE id = {}", id));
  const auto waiting = start(rename(id, IfMatch{{1}}));
  BOOST_REQUIRE(wait_for_blocked());
  rival.commit();
  BOOST_REQUIRE(run_until(loop, [&] { return waiting->answered(); }));
  BOOST_TEST(told(*waiting->result) == "not matched 2");
  BOOST_TEST(run(get(id)).value().rows.front().title == "theirs");
}

BOOST_AUTO_TEST_CASE(a_key_gives_the_first_answer_again_with_its_version) {
  const TaskId id = make("a");
  BOOST_TEST(told(run(rename(id, IfMatch{{1}}, "k"))) == "made 2");
  run(retitle(id, "other"));
  BOOST_TEST(told(run(rename(id, IfMatch{{1}}, "k"))) == "replayed 2");
  BOOST_TEST(told(run(rename(id, IfMatch{{3}}, "k"))) == "conflict");
  BOOST_TEST(told(run(rename(id, IfMatch{{1}}, "l"))) == "not matched 3");
  BOOST_TEST(told(run(remove(id, IfMatch{{3}}, "d"))) == "made 3");
  BOOST_TEST(told(run(remove(id, IfMatch{{3}}, "d"))) == "replayed 3");
  BOOST_TEST(told(run(remove(id, {}, "e"))) == "none");
  BOOST_TEST(told(run(rename(id, IfMatch{{1}}, "k"))) == "replayed 2");
  BOOST_TEST(database.value(fmt::format("SELECT title || coalesce(description, '') FROM idempotency_keys"
                                        " WHERE user_id = '{}' AND key = 'd'",
                                        user.value())) == "",
             "of a deleted task no text is kept");
}

// A client that repeats itself before the first attempt has ended. Both are answered alike.
BOOST_AUTO_TEST_CASE(the_same_request_twice_at_once_is_one_change) {
  VersionsFixture other;
  other.user = user;
  const auto both = [&](auto ours, auto theirs) {
    Creations pending;
    pending.push_back(start(std::move(ours)));
    pending.push_back(other.start(std::move(theirs)));
    BOOST_REQUIRE(run_until(loop, [&] {
      other.loop.restart();
      other.loop.poll();
      return pending[0]->answered() && pending[1]->answered();
    }));
    std::set<std::string> seen{told(*pending[0]->result), told(*pending[1]->result)};
    return fmt::format("{}", fmt::join(seen, ", "));
  };
  for (int round = 0; round < 20; ++round) {
    const TaskId id = make("a");
    const std::string key = fmt::format("{}", round);
    BOOST_TEST(both(rename(id, IfMatch{{1}}, "r" + key), other.rename(id, IfMatch{{1}}, "r" + key)) ==
               "made 2, replayed 2");
    BOOST_TEST(both(remove(id, {}, "d" + key), other.remove(id, {}, "d" + key)) == "made 2, replayed 2");
  }
}

BOOST_AUTO_TEST_CASE(stats_tell_every_change) {
  std::set<std::uint64_t> seen{stats().state};
  const auto is_new = [&] { return seen.insert(stats().state).second; };
  const TaskId first = make("a");
  BOOST_TEST(is_new());
  const TaskId second = make("b");
  BOOST_TEST(is_new());
  run(toggle(first));
  BOOST_TEST(is_new());
  BOOST_TEST(stats().total == 2);
  BOOST_TEST(stats().completed == 1);
  run(retitle(second, "c"));
  BOOST_TEST(is_new());
  run(remove(second, {}));
  BOOST_TEST(is_new());
  // As many tasks, and as many changes in all, as before.
  make("d");
  run(toggle(first));
  BOOST_TEST(stats().total == 2);
  BOOST_TEST(is_new());
  const PoolFixture nobody;
  BOOST_TEST(run(store->stats(nobody.user)).value().total == 0);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// The statements of the release without versions, as its workers prepare them.
constexpr const char* kOldUpdate =
    "UPDATE tasks SET title = COALESCE($3, title), description = CASE WHEN $4 THEN $5 ELSE description END,"
    " completed = COALESCE($6, completed), updated_at = now()"
    " WHERE user_id = $1 AND id = $2 RETURNING id, title, description, completed, created_at, updated_at";
constexpr const char* kOldCompleteOnce =
    "WITH known AS ("
    "  SELECT id, title, description, completed, created_at, updated_at, fingerprint = $4 AS same"
    "    FROM idempotency_keys WHERE user_id = $1 AND key = $3 AND stored_at > now() - interval '24 hours'),"
    " made AS (UPDATE tasks SET completed = COALESCE($5, NOT completed), updated_at = now()"
    "    WHERE user_id = $1 AND id = $2 AND NOT EXISTS (SELECT FROM known)"
    "    RETURNING id, title, description, completed, created_at, updated_at),"
    " kept AS (INSERT INTO idempotency_keys"
    "    (user_id, key, fingerprint, id, title, description, completed, created_at, updated_at)"
    "    SELECT $1, $3, $4, id, title, description, completed, created_at, updated_at FROM made)"
    " SELECT id, false AS replayed FROM made UNION ALL SELECT id, true FROM known";

struct OldWorker {
  OldWorker(const FreshDatabase& database, std::string of)
      : connection(database.api_url()), user(std::move(of)) {
    connection.prepare("update_task", kOldUpdate);
    connection.prepare("complete_task_once", kOldCompleteOnce);
  }
  void rename(TaskId id, const std::string& title) {
    pqxx::nontransaction work(connection);
    const char* none = nullptr;
    if (work.exec_prepared("update_task", user, id, title, false, none, none).size() != 1)
      throw std::runtime_error("no such task");
  }
  void toggle_once(TaskId id, const std::string& key, const Sha256& print) {
    pqxx::nontransaction work(connection);
    std::string hex = "\\x";
    for (const auto byte : print) hex += fmt::format("{:02x}", byte);
    const char* none = nullptr;
    work.exec_prepared("complete_task_once", user, id, key, hex, none);
  }

  pqxx::connection connection;
  std::string user;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(rolling_upgrade)

BOOST_FIXTURE_TEST_CASE(a_change_by_an_old_worker_does_not_escape_an_if_match, VersionsFixture) {
  const TaskId id = make("a");
  OldWorker old(database, user.value());
  BOOST_TEST(told(run(get(id))) == "made 1");
  old.rename(id, "theirs");
  BOOST_TEST(told(run(rename(id, IfMatch{{1}}))) == "not matched 2");
  BOOST_TEST(told(run(rename(id, IfMatch{{2}}))) == "made 3");
  BOOST_TEST(database.refusal(fmt::format("UPDATE tasks SET version = 0 WHERE id = {}", id), "")
                 .contains("tasks_version_range"));
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_an_old_worker_kept_is_given_without_a_version, VersionsFixture) {
  const TaskId id = make("a");
  OldWorker old(database, user.value());
  old.toggle_once(id, "k", fingerprint(id, std::optional<bool>()));
  const Terms terms{.intent = Intent{.key = "k", .fingerprint = fingerprint(id, std::optional<bool>())},
                    .if_match = {}};
  BOOST_TEST(told(run(store->complete(user, id, std::nullopt, terms))) == "replayed 0");
  BOOST_TEST(told(run(get(id))) == "made 2");
}

// The old workers' sessions and their prepared statements go on over the migration.
BOOST_AUTO_TEST_CASE(old_workers_serve_while_the_migration_runs) {
  const FreshDatabase database;
  const MigrationFolder folder;
  folder.remove_after("0017_key_table.sql");
  BOOST_REQUIRE(migrate(database.url(), folder.path()));
  database.run("ALTER ROLE tasklane_api LOGIN");
  database.run(
      "INSERT INTO tasks (user_id, title) SELECT 'u' || n % 100, 't' FROM generate_series(1, 100000) AS n");
  const TaskId id =
      database.run("INSERT INTO tasks (user_id, title) VALUES ('old', 'a') RETURNING id")[0][0].as<TaskId>();
  OldWorker old(database, "old");
  std::atomic<int> renamed = 0;
  std::atomic<bool> migrated = false;
  std::string failed;
  std::thread serving([&] {
    try {
      for (int behind = 0; behind < 10; behind += migrated ? 1 : 0)
        old.rename(id, fmt::format("title {}", ++renamed));
    } catch (const std::exception& error) {
      failed = error.what();
    }
  });
  const auto report = migrate(database.url(), TASKLANE_SQL);
  migrated = true;
  serving.join();
  BOOST_REQUIRE_MESSAGE(report, report.error().sentence);
  BOOST_TEST(failed == "");
  BOOST_TEST(database.value(fmt::format("SELECT title FROM tasks WHERE id = {}", id)) ==
             fmt::format("title {}", renamed.load()));
  // Some of the changes came behind the column, and each of these counted.
  const auto version =
      database.run(fmt::format("SELECT version FROM tasks WHERE id = {}", id))[0][0].as<int>();
  BOOST_TEST(version >= 10);
  BOOST_TEST(version <= renamed + 1);
}

BOOST_AUTO_TEST_SUITE_END()
