// A connection without jobs, in virtual time: it does nothing, whatever happens to it.

#include <boost/test/unit_test.hpp>
#include <string>

#include "postgres/flow.h"

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

constexpr Statement kRead{"read", "read", Effect::read, {"read", "read"}};

struct RestFixture {
  Flow::Time now = Flow::Time() + 1h;
  PreparedNames names;
  Flow flow{8s, names, ReconnectDelay(1)};
  int answers = 0;

  FlowActions ask() {
    FlowActions actions;
    flow.submit(Job{.statement = &kRead, .parameters = {}, .deadline = now + 8s, .done = [](const auto&) {}},
                actions);
    return actions;
  }
  FlowActions connect() {
    FlowActions actions;
    flow.connected(now, actions);
    return actions;
  }
  // What waits is sent and answered.
  void serve() {
    FlowActions actions;
    flow.turn(now, actions);
    flow.flushed();
    flow.replied(now, Reply{.kind = Reply::Kind::rows}, actions);
    flow.replied(now, Reply{.kind = Reply::Kind::sync}, actions);
    answers += static_cast<int>(actions.answers.size());
  }
  FlowActions lose() {
    FlowActions actions;
    flow.lost(now, Loss::told, actions);
    return actions;
  }
  // Whether an hour of ticks leads to anything.
  bool stirs() {
    bool stirred = false;
    for (const auto later = now + 1h; now < later; now += limits::kDeadlineTick) {
      FlowActions actions;
      flow.tick(now, actions);
      stirred = stirred || actions.connect || actions.send || actions.cancel || actions.disconnect;
    }
    return stirred;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rest, RestFixture)

BOOST_AUTO_TEST_CASE(a_connection_that_was_never_wanted_connects_to_nothing) {
  BOOST_TEST(!stirs());
  BOOST_TEST(!flow.pending());
}

BOOST_AUTO_TEST_CASE(an_idle_connection_sends_nothing) {
  BOOST_TEST(ask().connect);
  BOOST_TEST(connect().send);
  serve();
  BOOST_TEST(answers == 1);
  BOOST_TEST(!flow.pending());
  BOOST_TEST(!stirs());
}

BOOST_AUTO_TEST_CASE(one_that_ends_stays_closed_until_somebody_asks_who_then_waits_for_it) {
  for (const auto age : {0s, 3600s}) {  // young: there is a pause before another attempt
    ask();
    connect();
    serve();
    ask();
    serve();
    now += age;
    BOOST_TEST(!lose().connect);
    BOOST_TEST(!stirs());
    BOOST_TEST((flow.state() == FlowState::resting));
    BOOST_TEST(!flow.pending());
    const auto asked = ask();
    BOOST_TEST(asked.connect);
    BOOST_TEST(asked.answers.empty());
    BOOST_TEST(connect().send);
    serve();
    now += 1h;
    lose();
  }
  BOOST_TEST(answers == 6);
}

BOOST_AUTO_TEST_CASE(attempts_end_with_those_who_ask) {
  ask();
  FlowActions failed;
  flow.not_connected(now, failed);
  BOOST_TEST(flow.pending());
  BOOST_TEST(!stirs());
  BOOST_TEST((flow.state() == FlowState::resting));
  BOOST_TEST(ask().connect);
}

BOOST_AUTO_TEST_SUITE_END()
