// Databases that are slow to connect to, by way of the system tests' relay: requests wait for the attempt
// under way, within their own deadline, and are refused at once after one has failed.

#include <boost/test/unit_test.hpp>

#include "../relay/relay.h"
#include "pool_fixture.h"

using namespace tasklane;

namespace {

using namespace std::chrono_literals;

struct Timer {
  Clock::time_point begin = Clock::now();
  auto elapsed() const { return Clock::now() - begin; }
};

std::string folder_of(const std::string& url) {
  const auto begin = url.find("host=") + 5;
  return url.substr(begin, url.find('&', begin) - begin);
}

// A relay on the tests' own loop, in front of their server.
struct SlowFixture : PoolFixture {
  std::string by_relay(const std::string& parameters = "", const std::string& host_before = "") const {
    std::string url = database.api_url();
    url.replace(url.find("host=") + 5, folder_of(url).size(), host_before + folder.path());
    return url + parameters;
  }
  void open(const std::string& url, int connections = 1,
            std::chrono::milliseconds deadline = limits::kRequestDeadline) {
    pool = std::make_unique<ConnectionPool>(loop, url, connections, statements::kAll, metrics, deadline);
    store = std::make_unique<PgTaskStore>(*pool);
    pool->start();
  }
  std::optional<ConnectFailure> last_failure() const {
    const auto* attempt = pool->attempt();
    return attempt != nullptr && attempt->failure ? std::optional(attempt->failure->reason) : std::nullopt;
  }
  // The server sleeps: the next connection waits so long for it.
  void fall_asleep(std::chrono::milliseconds wakes_in) {
    relay.obey(fmt::format("gate {} 0", wakes_in.count()));
    relay.obey("suspend");
  }

  MigrationFolder folder;  // any folder of the test's own
  relay::Relay relay{loop, folder.path() + "/.s.PGSQL.5432", folder_of(database.url()) + "/.s.PGSQL.5432"};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(slow_connections, SlowFixture)

BOOST_AUTO_TEST_CASE(requests_wait_for_a_server_that_accepts_after_5_s) {
  fall_asleep(5s);
  open(by_relay());
  const Timer timer;
  auto early = start(create("early"));
  BOOST_TEST(run_until(loop, [&] { return timer.elapsed() > 1s; }));
  BOOST_TEST(early->outcome() == "pending");
  BOOST_REQUIRE(pool->attempt() != nullptr);
  BOOST_TEST(pool->attempt()->under_way);
  BOOST_TEST((Clock::now() - pool->attempt()->since > 1s));
  BOOST_TEST(!last_failure().has_value());
  BOOST_TEST(outcome(run(create("late"))) == "ok");
  BOOST_TEST(early->outcome() == "ok");
  BOOST_TEST((timer.elapsed() >= 5s));
  BOOST_TEST(read(metrics.database_connects) == 1U);
  BOOST_TEST(pool->attempt() == nullptr);
}

BOOST_AUTO_TEST_CASE(a_host_600_ms_a_round_trip_away_is_reached) {
  relay.obey("delay 300");
  open(by_relay());
  const Timer timer;
  BOOST_TEST(outcome(run(create("distant"))) == "ok");
  BOOST_TEST((timer.elapsed() >= 1800ms));  // start-up, preparing, the statement
  BOOST_TEST(read(metrics.database_connects) == 1U);
}

BOOST_AUTO_TEST_CASE(a_request_waits_no_longer_than_its_deadline_and_the_attempt_goes_on) {
  fall_asleep(2500ms);
  open(by_relay(), 1, 1s);
  const Timer timer;
  BOOST_TEST(outcome(run(create("impatient"))) == "service_unavailable");
  BOOST_TEST((timer.elapsed() >= 1s && timer.elapsed() < 2s));
  BOOST_REQUIRE(pool->attempt() != nullptr);
  BOOST_TEST(pool->attempt()->under_way);
  BOOST_TEST(run_until(loop, [&] { return pool->attempt() == nullptr; }));
  BOOST_TEST(outcome(run(create("after"))) == "ok");
  BOOST_TEST(read(metrics.database_connects) == 1U);
  BOOST_TEST(count("impatient") == "0");
}

BOOST_AUTO_TEST_CASE(after_an_attempt_has_failed_requests_are_refused_at_once) {
  relay.obey("mute");
  open(by_relay("&connect_timeout=1"));  // two, in fact
  const Timer timer;
  BOOST_TEST(outcome(run(create("first"))) == "service_unavailable");
  BOOST_TEST((timer.elapsed() >= limits::kConnectTimeoutMin && timer.elapsed() < 4s));
  BOOST_TEST((last_failure() == ConnectFailure::timed_out));
  BOOST_TEST(pool->attempt()->failure->why.contains("not ready within 2 s"), pool->attempt()->failure->why);

  // While the next attempt waits, and while it is under way.
  for (const bool under_way : {false, true}) {
    BOOST_TEST(run_until(loop, [&] { return pool->attempt()->under_way == under_way; }));
    const Timer refusal;
    BOOST_TEST(outcome(run(create("refused"))) == "service_unavailable");
    BOOST_TEST((refusal.elapsed() < 1s));
    BOOST_TEST((last_failure() == ConnectFailure::timed_out));
  }
  relay.obey("accept");
  BOOST_TEST(run_until(loop, [&] { return outcome(run(create("back"))) == "ok"; }));
}

// The first one is silent, the second takes as long as both would have together.
BOOST_AUTO_TEST_CASE(each_address_gets_its_whole_time) {
  const MigrationFolder silent;
  relay::Relay mute(loop, silent.path() + "/.s.PGSQL.5432", folder.path());
  mute.obey("mute");
  fall_asleep(2s);
  open(by_relay("&connect_timeout=3", silent.path() + ","));
  const Timer timer;
  BOOST_TEST(outcome(run(create("by the second"))) == "ok");
  BOOST_TEST((timer.elapsed() >= 5s));
  BOOST_TEST(read(metrics.database_connects) == 2U);
}

// Half of the users are at home on the connection that does not come up.
BOOST_AUTO_TEST_CASE(what_waits_for_a_connection_goes_to_another_one_that_is_up) {
  open(by_relay(), 2);
  BOOST_TEST(run_until(loop, [&] { return relay.obey("counts").contains("\"connections\":1,"); }));
  relay.obey("mute");
  const NewTask task{.title = "t", .description = {}};
  std::vector<UserId> users;
  for (int i = 0; i < 32; ++i) users.push_back(user_named(fmt::format("{} other {}", user.value(), i)));
  std::vector<std::unique_ptr<Pending<Tasks>>> pending;
  for (const UserId& other : users) pending.push_back(start(store->create(other, task)));
  const Timer timer;
  BOOST_TEST(wait(pending));
  BOOST_TEST((timer.elapsed() < 5s));
  for (const auto& one : pending) BOOST_TEST(one->outcome() == "ok");
  BOOST_TEST(read(metrics.database_connections_ready) == 1U);
  BOOST_TEST(read(metrics.database_connections_connecting) == 1U);
}

// The words in the log have hosts and roles in them; these have not.
BOOST_AUTO_TEST_CASE(the_reason_is_one_of_a_few_words) {
  const auto reason_of = [](const std::string& url) {
    SlowFixture one;
    one.open(url);
    BOOST_TEST(outcome(one.run(one.get(1))) == "service_unavailable");
    return one.last_failure();
  };
  const std::string server = folder_of(database.url());
  BOOST_TEST(
      (reason_of("postgresql://u@" + std::string(70, 'x') + ".example/d") == ConnectFailure::look_up_failed));
  BOOST_TEST((reason_of("postgresql://u@/d?host=/nonexistent") == ConnectFailure::connection_failed));
  BOOST_TEST((reason_of(database.url_as("nobody")) == ConnectFailure::session_refused));
  // The address that got furthest says most.
  BOOST_TEST((reason_of("postgresql://nobody@/d?host=" + server + ",/nonexistent") ==
              ConnectFailure::session_refused));
  const FreshDatabase bare;
  BOOST_TEST((reason_of(bare.url()) == ConnectFailure::unprepared));
  bare.run("ALTER DATABASE " + bare.name() + " SET default_transaction_read_only = on");
  BOOST_TEST((reason_of(bare.url() + "&target_session_attrs=read-write") == ConnectFailure::read_only));
}

BOOST_AUTO_TEST_SUITE_END()
