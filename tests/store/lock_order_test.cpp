// Batches of several workers that change the same rows, with and without idempotency keys: all locks are
// taken in one order, so that no two batches wait for each other.

#include <boost/test/unit_test.hpp>
#include <random>

#include "pool_fixture.h"
#include "postgres/sqlstate.h"

using namespace tasklane;

namespace {

// Two workers with a pool each, and one user.
struct Crosswise : OwnPoolFixture {
  Crosswise() : other(own) {
    // A deadlock stands until the server looks for it: here longer than a test may take.
    own.run("ALTER DATABASE " + own.name() + " SET deadlock_timeout = '1min'");
    own.run("ALTER ROLE tasklane_api IN DATABASE " + own.name() + " SET statement_timeout = 0");
    connect(2);
    other.user = user;
    other.connect(2);
    for (int i = 0; i < 40; ++i) tasks.push_back(make(fmt::format("task {}", i)));
  }

  static boost::asio::awaitable<Result<Tasks>> toggle(PoolFixture& worker, TaskId id) {
    co_return co_await worker.store->complete(worker.user, id, std::nullopt);
  }
  static boost::asio::awaitable<Result<Tasks>> toggle_once(PoolFixture& worker, TaskId id, std::string key) {
    const Intent intent{.key = std::move(key), .fingerprint = fingerprint(id, std::nullopt)};
    const Terms terms{.intent = intent};
    co_return co_await worker.store->complete(worker.user, id, std::nullopt, terms);
  }
  static boost::asio::awaitable<Result<Tasks>> create_once(PoolFixture& worker, std::string key) {
    const NewTask task{.title = "new", .description = {}};
    const Intent intent{.key = std::move(key), .fingerprint = fingerprint(task)};
    co_return co_await worker.store->create_once(worker.user, intent, task);
  }
  bool finish(const Creations& pending) {
    return run_until(loop, [&] {
      other.loop.restart();
      other.loop.poll();
      return std::ranges::all_of(pending, [](const auto& one) { return one->answered(); });
    });
  }
  std::uint64_t conflicts() const {
    const auto conflict = static_cast<std::size_t>(SqlstateClass::conflict);
    return read(metrics.database_errors[conflict]) + read(other.metrics.database_errors[conflict]);
  }

  PoolFixture other;
  std::vector<TaskId> tasks;
  std::minstd_rand random{1};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lock_order, Crosswise)

BOOST_AUTO_TEST_CASE(toggles_with_and_without_keys_take_turns) {
  for (int round = 0; round < 20; ++round) {
    Creations pending;
    for (PoolFixture* worker : {static_cast<PoolFixture*>(this), &other}) {
      std::ranges::shuffle(tasks, random);
      for (const TaskId id : tasks) {
        const auto key = fmt::format("{}-{}-{}", round, worker == &other ? "theirs" : "ours", id);
        const bool keyed = random() % 2 == 0;
        pending.push_back(worker->start(keyed ? toggle_once(*worker, id, key) : toggle(*worker, id)));
      }
    }
    BOOST_REQUIRE(finish(pending));
    for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  }
  BOOST_TEST(conflicts() == 0U);
  // Each was toggled by both in each round.
  BOOST_TEST(own.value("SELECT count(*) FROM tasks WHERE NOT completed") == "40");
}

// Each key comes twice, once from each worker. Who comes second breaks the index, and finds the answer.
BOOST_AUTO_TEST_CASE(the_same_keys_of_two_workers_take_turns) {
  for (int round = 0; round < 10; ++round) {
    Creations pending;
    for (PoolFixture* worker : {static_cast<PoolFixture*>(this), &other}) {
      std::ranges::shuffle(tasks, random);
      for (const TaskId id : tasks) {
        pending.push_back(worker->start(toggle_once(*worker, id, fmt::format("toggle-{}-{}", round, id))));
        pending.push_back(worker->start(create_once(*worker, fmt::format("create-{}-{}", round, id))));
      }
    }
    BOOST_REQUIRE(finish(pending));
    for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  }
  BOOST_TEST(own.value("SELECT count(*) FROM tasks WHERE title = 'new'") == "400");
  BOOST_TEST(own.value("SELECT count(*) FROM tasks WHERE title <> 'new' AND NOT completed") == "40");
  BOOST_TEST(own.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == "0");
}

// Many rows of the user at once beside single ones.
BOOST_AUTO_TEST_CASE(deletions_of_many_and_single_changes_take_turns) {
  for (int round = 0; round < 10; ++round) {
    Creations pending;
    std::vector<std::unique_ptr<Pending<Deletion>>> deletions;
    for (PoolFixture* worker : {static_cast<PoolFixture*>(this), &other}) {
      std::ranges::shuffle(tasks, random);
      for (const TaskId id : tasks) {
        pending.push_back(worker->start(toggle(*worker, id)));
        const TaskFilter none = round < 9 ? TaskFilter::completed : TaskFilter::all;
        if (id % 10 == 0)
          deletions.push_back(worker->start(worker->store->remove_some(worker->user, none, 0, std::nullopt)));
      }
    }
    BOOST_REQUIRE(finish(pending));
    BOOST_REQUIRE(run_until(loop, [&] {
      other.loop.restart();
      other.loop.poll();
      return std::ranges::all_of(deletions, [](const auto& one) { return one->answered(); });
    }));
    for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
    for (const auto& one : deletions) BOOST_TEST(one->outcome() == "ok");
  }
  BOOST_TEST(own.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == "0");
}

BOOST_AUTO_TEST_SUITE_END()
