#pragma once
// The request path's connections to a database of the test's own, and other sessions that stand in their way.

#include <fmt/format.h>

#include <memory>
#include <pqxx/transaction>
#include <string>
#include <vector>

#include "../unit/awaiting.h"
#include "../unit/users.h"
#include "database.h"
#include "http/problem.h"
#include "store/pg_task_store.h"
#include "store/statements.h"

namespace tasklane {

// "ok", or the error's type.
template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : std::string(spelling(result.error().type));
}

// A statement under way; `result` is set once it is answered.
template <class T>
struct Pending {
  std::optional<Result<T>> result;

  bool answered() const { return result.has_value(); }
  std::string outcome() const { return result ? tasklane::outcome(*result) : "pending"; }
};

using Creations = std::vector<std::unique_ptr<Pending<Tasks>>>;

// Another session's transaction: whatever it has locked stays locked until it is released.
class Rival {
 public:
  Rival(const FreshDatabase& database, const std::string& sql)
      : connection_(database.url()), work_(connection_) {
    work_.exec(sql);
  }
  void release() { work_.abort(); }

 private:
  pqxx::connection connection_;
  pqxx::work work_;
};

struct PoolFixture {
  // One user per test: the database may be shared.
  explicit PoolFixture(const FreshDatabase& where = shared()) : database(where) {}

  static const FreshDatabase& shared() {
    static const FreshDatabase database = FreshDatabase::migrated();
    return database;
  }

  void connect(int connections = 1, std::chrono::milliseconds deadline = limits::kRequestDeadline,
               const std::string& parameters = "") {
    pool = std::make_unique<ConnectionPool>(loop, database.api_url() + parameters, connections,
                                            statements::kAll, metrics, deadline);
    store = std::make_unique<PgTaskStore>(*pool);
    pool->start();
    await(loop, wait_until_tried());
  }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    return await(loop, std::move(work));
  }
  template <class T>
  bool wait(const std::vector<std::unique_ptr<Pending<T>>>& pending) {
    return run_until(loop,
                     [&] { return std::ranges::all_of(pending, [](auto& p) { return p->answered(); }); });
  }

  // Coroutines that own what they send. `title` is not checked here: the database's constraints are.
  boost::asio::awaitable<Result<Tasks>> create(std::string title,
                                               std::optional<std::string> description = {}) {
    const NewTask task{.title = std::move(title), .description = std::move(description)};
    co_return co_await store->create(user, task);
  }
  boost::asio::awaitable<Result<Tasks>> retitle(TaskId id, std::string title) {
    const TaskChange change{.title = std::move(title)};
    co_return co_await store->update(user, id, change);
  }
  boost::asio::awaitable<Result<Tasks>> get(TaskId id) { co_return co_await store->get(user, id); }

  TaskId make(const std::string& title) { return run(create(title)).value().rows.front().id; }

  template <class T>
  std::unique_ptr<Pending<T>> start(boost::asio::awaitable<Result<T>> work) {
    auto pending = std::make_unique<Pending<T>>();
    begin(loop, std::move(work), pending->result);
    return pending;
  }

  // How many of the user's tasks there are with this title, as another session sees them.
  std::string count(const std::string& title) const {
    return database.value(fmt::format("SELECT count(*) FROM tasks WHERE user_id = '{}' AND title LIKE '{}'",
                                      user.value(), title));
  }
  std::string lock_task(TaskId id) const {
    return fmt::format("SELECT 1 FROM tasks WHERE user_id = '{}' AND id = {} FOR UPDATE", user.value(), id);
  }
  // Turns the loop until so many of our sessions wait for a lock.
  bool wait_for_blocked(int sessions = 1) {
    return run_until(loop, [&] {
      return database.value(
                 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                 " AND application_name = 'tasklane' AND wait_event_type = 'Lock'") ==
             std::to_string(sessions);
    });
  }
  // Asks until so many connections are there: at rest they do not come back.
  bool ask_until_ready(std::uint64_t connections) {
    const auto give_up = Clock::now() + kTestPatience;
    while (read(metrics.database_connections_ready) < connections && Clock::now() < give_up)
      run(pool->run(statements::kPing, limits::kReadinessTimeout));
    return read(metrics.database_connections_ready) == connections;
  }
  void terminate_our_sessions() const {
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'tasklane'");
  }

  const FreshDatabase& database;
  UserId user = user_named(fmt::format("user {}", ++users()));
  boost::asio::io_context loop;
  WorkerMetrics metrics{};
  std::unique_ptr<ConnectionPool> pool;
  std::unique_ptr<PgTaskStore> store;

 private:
  static int& users() {
    static int count = 0;
    return count;
  }
  boost::asio::awaitable<bool> wait_until_tried() {
    co_await pool->tried();
    co_return true;
  }
};

// For tests that change the database itself.
struct OwnDatabase {
  FreshDatabase own = FreshDatabase::migrated();
};
struct OwnPoolFixture : OwnDatabase, PoolFixture {
  OwnPoolFixture() : PoolFixture(own) {}
};

}  // namespace tasklane
