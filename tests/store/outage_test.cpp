// What an outage costs: cut and dead connections, hosts that are silent or only read, statements that are
// stuck.

#include <sys/socket.h>
#include <sys/un.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <set>

#include "base/descriptors.h"
#include "base/text.h"
#include "base/unix_address.h"
#include "pool_fixture.h"

using namespace tasklane;

namespace {

using namespace std::chrono_literals;

std::set<int> open_sockets() {
  std::set<int> sockets;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = parse_number<int>(entry.path().filename().string()).value();
    sockaddr_un peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && peer.sun_family == AF_UNIX)
      sockets.insert(fd);
  }
  return sockets;
}

struct OutageFixture : OwnPoolFixture {
  // Connects, and knows the sockets it takes.
  void connect_cuttable(int connections, std::chrono::milliseconds deadline = limits::kRequestDeadline) {
    const auto before = open_sockets();
    connect(connections, deadline);
    std::ranges::set_difference(open_sockets(), before, std::inserter(ours, ours.end()));
    BOOST_TEST(ours.size() == static_cast<std::size_t>(connections));
  }
  // All at once, and without a word from the server.
  void cut() const {
    for (const int fd : ours) ::shutdown(fd, SHUT_RDWR);
  }
  Creations read_on_all(int connections, TaskId id) {
    Creations pending;
    for (int i = 0; i < connections; ++i) {
      const auto since = Clock::now();
      pending.push_back(start(get(id)));
      // Later than that, the next one does not wait for this one.
      run_until(loop, [&] { return Clock::now() - since > limits::kQuickBatch; });
    }
    BOOST_TEST(wait_for_blocked(connections));
    return pending;
  }

  std::set<int> ours;
};

// Listens, and lets every connection wait.
class SilentHost {
 public:
  SilentHost() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = UnixAddress::of(folder_.path() + "/.s.PGSQL.5432");
    if (!address->bind(listener_.get()) || ::listen(listener_.get(), 64) != 0)
      throw std::runtime_error("cannot listen");
  }
  const std::string& path() const { return folder_.path(); }

 private:
  MigrationFolder folder_;  // any folder of the test's own
  Descriptor listener_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(outage, OutageFixture)

// The second connection looks alive until it is written to.
BOOST_AUTO_TEST_CASE(reads_survive_the_cut_of_all_connections_at_once) {
  connect_cuttable(2);
  const TaskId id = make("a");
  Rival rival(own, "LOCK TABLE tasks");
  const Creations pending = read_on_all(2, id);
  cut();
  rival.release();
  BOOST_TEST(wait(pending));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
}

// As in a restart: the repeat is under way on the next connection when that one is ended, too.
BOOST_AUTO_TEST_CASE(reads_survive_the_end_of_one_session_after_the_other) {
  connect(2);
  const TaskId id = make("a");
  for (const bool ascending : {true, false}) {
    const auto sessions = own.run(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'tasklane' ORDER BY pid");
    std::vector<int> servers = {sessions[0][0].as<int>(), sessions[1][0].as<int>()};
    if (!ascending) std::ranges::reverse(servers);
    for (const int server : servers) BOOST_REQUIRE(::kill(server, SIGSTOP) == 0);
    auto pending = start(get(id));
    BOOST_TEST(run_until(loop, [&] { return read(metrics.database_statements_in_flight) == 1U; }));
    for (const int server : servers) {
      const auto losses = read(metrics.database_connection_losses);
      BOOST_REQUIRE(::kill(server, SIGTERM) == 0);
      BOOST_REQUIRE(::kill(server, SIGCONT) == 0);
      BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connection_losses) > losses; }));
    }
    BOOST_TEST(run_until(loop, [&] { return pending->answered(); }));
    BOOST_TEST(pending->outcome() == "ok");
    BOOST_TEST(ask_until_ready(2));
  }
}

BOOST_AUTO_TEST_CASE(a_write_on_a_connection_that_ended_while_idle_is_not_lost) {
  connect_cuttable(1);
  cut();
  BOOST_TEST(outcome(run(create("a"))) == "ok");
  own.run(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
      " AND application_name = 'tasklane'");
  BOOST_TEST(outcome(run(create("b"))) == "ok");
  BOOST_TEST(count("_") == "2");
}

BOOST_AUTO_TEST_CASE(writes_that_waited_behind_a_lost_batch_go_to_another_connection) {
  connect(2);
  const TaskId id = make("a");
  Rival rival(own, lock_task(id));
  Creations pending;
  pending.push_back(start(retitle(id, "b")));
  BOOST_TEST(wait_for_blocked());
  for (int i = 0; i < 5; ++i) pending.push_back(start(create("queued")));
  own.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
      " AND application_name = 'tasklane' AND wait_event_type = 'Lock'");
  BOOST_TEST(wait(pending));
  BOOST_TEST(pending[0]->outcome() == "outcome_unknown");
  for (std::size_t i = 1; i < pending.size(); ++i) BOOST_TEST(pending[i]->outcome() == "ok");
  rival.release();
  BOOST_TEST(count("queued") == "5");
  BOOST_TEST(count("a") == "1");
}

BOOST_AUTO_TEST_CASE(service_is_back_with_the_next_attempt) {
  const auto allow = [&](const char* whether) {
    shared().run(fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS {}", own.name(), whether));
  };
  connect(2);
  allow("false");
  shared().run(
      fmt::format("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", own.name()));
  const auto began = Clock::now();
  BOOST_TEST(run_until(loop, [&] { return Clock::now() - began > 2s; }));
  BOOST_TEST(outcome(run(create("a"))) == "service_unavailable");
  BOOST_TEST(read(metrics.database_connects) < 20U);  // no storm meanwhile
  allow("true");
  const auto tried = read(metrics.database_connects);
  BOOST_TEST(ask_until_ready(2));
  BOOST_TEST(read(metrics.database_connects) <= tried + 4);  // two each, if one was under way
  BOOST_TEST(outcome(run(create("b"))) == "ok");
}

BOOST_AUTO_TEST_CASE(a_stuck_statement_is_cancelled_at_the_server) {
  own.run("ALTER ROLE tasklane_api IN DATABASE " + own.name() + " SET statement_timeout = 0");
  connect(1, 1s);
  const TaskId id = make("a");
  Rival rival(own, lock_task(id));
  auto write = start(retitle(id, "b"));
  BOOST_TEST(wait_for_blocked());
  BOOST_TEST(run_until(loop, [&] { return write->answered(); }));
  BOOST_TEST(write->outcome() == "outcome_unknown");
  BOOST_TEST(wait_for_blocked(0));  // though the lock is still held
  rival.release();
  BOOST_TEST(outcome(run(create("after"))) == "ok");
  BOOST_TEST(count("a") == "1");
}

// A migration, say. Every attempt to connect would leave a session behind that waits.
BOOST_AUTO_TEST_CASE(attempts_to_connect_do_not_pile_up_behind_a_lock) {
  own.run("ALTER ROLE tasklane_api IN DATABASE " + own.name() + " SET statement_timeout = 0");
  Rival rival(own, "LOCK TABLE tasks");
  connect(1, limits::kRequestDeadline, "&connect_timeout=2");
  BOOST_TEST(outcome(run(create("a"))) == "service_unavailable");
  while (read(metrics.database_connects) < 3U) run(get(1));
  BOOST_TEST(wait_for_blocked(1));
  rival.release();
  BOOST_TEST(ask_until_ready(1));
  BOOST_TEST(outcome(run(create("b"))) == "ok");
}

// The first host is dead, the second a standby that is promoted.
BOOST_AUTO_TEST_CASE(writes_resume_on_the_next_host_once_it_is_promoted) {
  const SilentHost silent;
  own.run("ALTER DATABASE " + own.name() + " SET default_transaction_read_only = on");
  std::string url = own.api_url() + "&connect_timeout=2";
  url.insert(url.find("host=") + 5, silent.path() + ",");
  pool = std::make_unique<ConnectionPool>(loop, url, 2, statements::kAll, metrics);
  store = std::make_unique<PgTaskStore>(*pool);
  pool->start();
  BOOST_TEST(outcome(run(create("a"))) == "service_unavailable");
  shared().run("ALTER DATABASE " + own.name() + " RESET default_transaction_read_only");
  BOOST_TEST(ask_until_ready(2));
  BOOST_TEST(outcome(run(create("b"))) == "ok");

  // The host that serves is asked first from now on.
  BOOST_TEST(ask_until_ready(2));
  const auto connects = read(metrics.database_connects);
  terminate_our_sessions();
  BOOST_TEST(run_until(loop, [&] { return read(metrics.database_connection_losses) == 2U; }));
  BOOST_TEST(ask_until_ready(2));
  BOOST_TEST(read(metrics.database_connects) == connects + 2);
  BOOST_TEST(count("b") == "1");
}

BOOST_AUTO_TEST_SUITE_END()
