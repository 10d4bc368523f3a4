#include "supervisor_pool_stage.h"

#include "base/exit_codes.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(pool)

BOOST_AUTO_TEST_CASE(starts_as_many_workers_as_asked_for) {
  Stage stage(3);
  BOOST_TEST(stage.start() == "spawn:0 spawn:1 spawn:2");
  BOOST_TEST(stage.state(0) == "starting");
  BOOST_TEST(stage.ready(1) == "");
  BOOST_TEST(stage.state(0) == "ready");
  BOOST_TEST(stage.start() == "");
}

BOOST_AUTO_TEST_CASE(replaces_a_stable_worker_at_once) {
  Stage stage;
  stage.serve();
  stage.after(limits::kRestartStableAfter);
  BOOST_TEST(stage.exit(2) == "delay:0");
  BOOST_TEST(stage.after(0ms) == "respawn:1");
}

BOOST_AUTO_TEST_CASE(doubles_the_delay_of_a_slot_up_to_the_cap_and_of_no_other) {
  Stage stage;
  stage.start();
  stage.ready(2);
  pid_t pid = 1;
  for (const int delay : {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000}) {
    BOOST_TEST(stage.exit(pid) == "delay:" + std::to_string(delay));
    BOOST_TEST(stage.after(std::chrono::milliseconds(delay - 1)) == "");
    BOOST_TEST(stage.after(1ms) == "respawn:0");
    pid = stage.last_pid;
  }
  stage.exit(pid);
  BOOST_TEST(stage.exit(2) == "delay:0");  // ready since the beginning
}

BOOST_AUTO_TEST_CASE(begins_the_delays_anew_after_a_stable_worker) {
  Stage stage(1);
  stage.start();
  for (const int delay : {100, 200, 400}) {
    BOOST_TEST(stage.exit(stage.last_pid) == "delay:" + std::to_string(delay));
    stage.after(std::chrono::milliseconds(delay));
  }
  stage.ready(stage.last_pid);
  stage.after(limits::kRestartStableAfter - 1ms);
  BOOST_TEST(stage.exit(stage.last_pid) == "delay:400");  // not stable yet
  stage.after(400ms);
  stage.ready(stage.last_pid);
  stage.after(limits::kRestartStableAfter);
  BOOST_TEST(stage.exit(stage.last_pid) == "delay:0");
  stage.after(0ms);
  BOOST_TEST(stage.exit(stage.last_pid) == "delay:100");
}

BOOST_AUTO_TEST_CASE(does_not_double_a_delay_that_is_short_beside_the_time_lived) {
  Stage stage(1);
  stage.serve();
  for (int death = 0; death < 20; ++death) {  // a kill every second
    stage.after(850ms);
    BOOST_TEST(stage.exit(stage.last_pid) == "delay:100");
    stage.after(100ms);
    stage.ready(stage.last_pid);
  }
  stage.after(399ms);
  BOOST_TEST(stage.exit(stage.last_pid) == "delay:200");
}

BOOST_AUTO_TEST_CASE(kills_a_worker_that_is_not_ready_in_time_and_counts_it_as_a_failure) {
  Stage stage(1);
  stage.start();
  BOOST_TEST((stage.pool.next_deadline() == stage.now + limits::kReadyTimeout));
  BOOST_TEST(stage.after(limits::kReadyTimeout - 1ms) == "");
  BOOST_TEST(stage.after(1ms) == "kill:1");
  BOOST_TEST(stage.ready(1) == "");  // too late
  BOOST_TEST(stage.state(0) == "overdue");
  BOOST_TEST(stage.exit(1) == "delay:100");
  BOOST_TEST(stage.after(100ms) == "respawn:0");
  BOOST_TEST(stage.after(limits::kReadyTimeout) == "kill:2");
  BOOST_TEST(stage.exit(2) == "delay:200");
}

BOOST_AUTO_TEST_CASE(tries_again_when_a_process_cannot_be_made) {
  Pool pool({.workers = 1, .drain_timeout = 30s});
  const Pool::Time now{};
  BOOST_TEST(pool.start(now).size() == 1U);
  pool.spawn_failed(now, 0);
  BOOST_TEST((pool.slots()[0].state == SlotState::waiting));
  const Actions actions = pool.tick(now + 100ms);
  BOOST_REQUIRE_EQUAL(actions.size(), 1U);
  BOOST_TEST(std::get<Spawn>(actions[0]).restart);
}

BOOST_AUTO_TEST_CASE(handles_the_end_of_a_process_once) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.exit(1) == "delay:100");
  BOOST_TEST(stage.exit(1) == "");
  BOOST_TEST(stage.exit(4711) == "");
  BOOST_TEST(stage.ready(4711) == "");
}

BOOST_AUTO_TEST_CASE(does_not_restart_a_worker_that_refuses_its_configuration) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.exit(1, true) == "refused:0");
  BOOST_TEST(stage.after(1h) == "");
  BOOST_TEST(stage.exit(2) == "delay:0");
  BOOST_TEST(stage.after(0ms) == "respawn:1");
}

BOOST_AUTO_TEST_CASE(finishes_with_100_when_every_worker_refuses_its_configuration) {
  Stage stage;
  stage.start();
  BOOST_TEST(stage.exit(1, true) == "refused:0");
  BOOST_TEST(stage.exit(2) == "delay:100");
  BOOST_TEST(stage.after(100ms) == "respawn:1");
  BOOST_TEST(stage.exit(3, true) == "refused:1 finish:100");
  BOOST_TEST(stage.stop() == "");
}

BOOST_AUTO_TEST_CASE(drains_everything_and_finishes_with_0) {
  Stage stage(3);
  stage.serve();
  stage.exit(3);  // one waits for its restart: it does not come back
  BOOST_TEST(stage.stop() == "term:1 term:2");
  BOOST_TEST(stage.after(20s) == "");
  BOOST_TEST(stage.exit(1) == "");
  BOOST_TEST(stage.exit(2) == "finish:0");
}

BOOST_AUTO_TEST_CASE(kills_what_has_not_drained_in_time_and_finishes_with_1) {
  Stage stage;
  stage.serve();
  stage.stop();
  stage.exit(1);
  BOOST_TEST(stage.after(30s) == "kill:2");
  BOOST_TEST(stage.exit(2) == "finish:" + std::to_string(kExitFailure));
}

BOOST_AUTO_TEST_CASE(kills_at_once_when_told_to_stop_a_second_time) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.stop() == "term:1 term:2");
  BOOST_TEST(stage.stop() == "kill:1 kill:2");
  BOOST_TEST(stage.stop() == "");
  stage.exit(1);
  BOOST_TEST(stage.exit(2) == "finish:1");
}

BOOST_AUTO_TEST_CASE(stops_a_process_that_comes_when_nobody_wants_it_any_more) {
  Pool pool({.workers = 1, .drain_timeout = 30s});
  const Pool::Time now{};
  pool.start(now);
  BOOST_TEST(pool.stop(now).empty());
  const Actions actions = pool.spawned(now, 0, 7);
  BOOST_REQUIRE_EQUAL(actions.size(), 1U);
  BOOST_TEST(std::get<Terminate>(actions[0]).pid == 7);
  BOOST_TEST(std::get<Finish>(pool.exited(now, 7, false).at(0)).exit_code == kExitOk);
}

BOOST_AUTO_TEST_CASE(asks_to_be_woken_only_for_what_is_due) {
  Stage stage;
  stage.serve();
  BOOST_TEST(!stage.pool.next_deadline().has_value());
  stage.exit(1);
  BOOST_TEST((stage.pool.next_deadline() == stage.now + limits::kRestartDelayMin));
}

BOOST_AUTO_TEST_SUITE_END()
