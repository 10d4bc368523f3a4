#include "supervisor_pool_stage.h"

#include "base/exit_codes.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(pool_reload)

BOOST_AUTO_TEST_CASE(drains_the_old_generation_only_when_all_of_the_new_one_is_ready) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.reload() == "reload spawn:2 spawn:3");
  BOOST_TEST(stage.ready(4) == "");
  BOOST_TEST(stage.ready(3) == "reloaded term:1 term:2");
  BOOST_TEST(stage.pool.slots()[2].generation == 2U);
  stage.exit(1);
  stage.exit(2);
  BOOST_TEST(stage.reload() == "reload spawn:0 spawn:1");
}

BOOST_AUTO_TEST_CASE(keeps_the_old_generation_when_one_of_the_new_ends_too_early) {
  for (const bool refuses : {false, true}) {
    Stage stage;
    stage.serve();
    stage.reload();
    stage.ready(3);
    const std::string expected = "reload-failed:3 term:3";
    BOOST_TEST(stage.exit(4, refuses) == (refuses ? "refused:3 " + expected : expected));
    BOOST_TEST(stage.exit(3) == "");
    BOOST_TEST(stage.after(1h) == "");
    BOOST_TEST(stage.state(0) == "ready");
    BOOST_TEST(stage.state(1) == "ready");
    BOOST_TEST(stage.reload() == "reload spawn:2 spawn:3");
  }
}

BOOST_AUTO_TEST_CASE(keeps_the_old_generation_when_one_of_the_new_is_not_ready_in_time) {
  Stage stage;
  stage.serve();
  stage.reload();
  stage.ready(3);
  BOOST_TEST(stage.after(limits::kReadyTimeout) == "kill:4");
  BOOST_TEST(stage.exit(4) == "reload-failed:3 term:3");
}

BOOST_AUTO_TEST_CASE(restarts_workers_of_the_old_generation_during_a_reload) {
  Stage stage;
  stage.serve();
  stage.reload();
  BOOST_TEST(stage.exit(1) == "delay:100");
  BOOST_TEST(stage.after(100ms) == "respawn:0");
  BOOST_TEST(stage.pool.slots()[0].generation == 1U);
}

BOOST_AUTO_TEST_CASE(reloads_once_more_after_the_reload_under_way_however_often_asked) {
  Stage stage;
  stage.serve();
  stage.reload();
  BOOST_TEST(stage.pool.awaited() == 2U);
  BOOST_TEST(stage.reload() == "");
  BOOST_TEST(stage.reload() == "");
  BOOST_TEST(stage.pool.awaited() == 3U);
  stage.ready(3);
  BOOST_TEST(stage.ready(4) == "reloaded term:1 term:2 reload spawn:4 spawn:5");
  stage.ready(5);
  BOOST_TEST(stage.ready(6) == "reloaded term:3 term:4");
}

BOOST_AUTO_TEST_CASE(waits_with_a_reload_while_too_many_generations_drain) {
  Stage stage;
  stage.serve();
  for (pid_t newest = 4; newest <= 8; newest += 2) {
    BOOST_TEST(stage.reload().starts_with("reload "));
    stage.ready(newest - 1);
    stage.ready(newest);
  }
  BOOST_TEST(stage.reload() == "");  // three drain, one serves
  BOOST_TEST(stage.pool.reloading());
  BOOST_TEST(stage.exit(1) == "");
  BOOST_TEST(stage.exit(2) == "reload spawn:0 spawn:1");
}

BOOST_AUTO_TEST_CASE(takes_over_another_number_of_workers) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.reload(3) == "reload spawn:2 spawn:3 spawn:4");
  stage.ready(3);
  stage.ready(4);
  BOOST_TEST(stage.pool.serving_workers() == 2U);
  BOOST_TEST(stage.ready(5) == "reloaded term:1 term:2");
  BOOST_TEST(stage.pool.serving_workers() == 3U);
  stage.exit(1);
  stage.exit(2);
  BOOST_TEST(stage.reload(1) == "reload spawn:0");
  BOOST_TEST(stage.ready(6) == "reloaded term:3 term:4 term:5");
}

BOOST_AUTO_TEST_CASE(keeps_its_settings_when_a_reload_fails) {
  Stage stage;
  stage.serve();
  stage.reload(5);
  BOOST_TEST(stage.exit(3).starts_with("reload-failed:2"));
  BOOST_TEST(stage.pool.state().settings.workers == 2U);
}

BOOST_AUTO_TEST_CASE(brings_back_a_slot_that_had_refused_its_configuration) {
  Stage stage;
  stage.serve();
  stage.exit(1, true);
  stage.reload();
  stage.ready(3);
  BOOST_TEST(stage.ready(4) == "reloaded term:2");
  BOOST_TEST(stage.exit(2) == "");
}

BOOST_AUTO_TEST_CASE(stops_both_generations_in_the_middle_of_a_reload) {
  Stage stage;
  stage.serve();
  stage.reload();
  BOOST_TEST(stage.stop() == "term:1 term:2 term:3 term:4");
  BOOST_TEST(stage.reload() == "");
  for (const pid_t pid : {1, 2, 3}) stage.exit(pid);
  BOOST_TEST(stage.exit(4) == "finish:0");
}

BOOST_AUTO_TEST_CASE(does_not_count_a_reload_s_late_worker_as_a_failed_stop) {
  Stage stage(1);
  stage.serve();
  stage.reload();
  stage.ready(2);
  BOOST_TEST(stage.after(30s) == "kill:1");
  stage.exit(1);
  stage.stop();
  BOOST_TEST(stage.exit(2) == "finish:0");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pool_heartbeat)

BOOST_AUTO_TEST_CASE(replaces_a_worker_whose_heartbeat_stands_still) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.beat(1, 7) == "");
  for (unsigned look = 1; look < limits::kHeartbeatsMissedMax; ++look) BOOST_TEST(stage.beat(1, 7) == "");
  BOOST_TEST(stage.beat(1, 8) == "");  // it was only slow
  for (unsigned look = 1; look < limits::kHeartbeatsMissedMax; ++look) BOOST_TEST(stage.beat(1, 8) == "");
  BOOST_TEST(stage.beat(1, 8) == "kill:1");
  BOOST_TEST(stage.pool.turns());  // the other one does
  BOOST_TEST(stage.exit(1) == "delay:100");
  BOOST_TEST(stage.after(100ms) == "respawn:0");
}

BOOST_AUTO_TEST_CASE(ends_a_draining_worker_whose_heartbeat_stands_still) {
  Stage stage(1);
  stage.serve();
  stage.stop();
  for (unsigned look = 0; look < limits::kHeartbeatsMissedMax; ++look) stage.beat(1, 3);
  BOOST_TEST(stage.beat(1, 3) == "kill:1");
  BOOST_TEST(stage.exit(1) == "finish:1");
}

BOOST_AUTO_TEST_CASE(leaves_a_starting_worker_to_its_own_deadline) {
  Stage stage(1);
  stage.start();
  for (unsigned look = 0; look < 3 * limits::kHeartbeatsMissedMax; ++look) BOOST_TEST(stage.beat(1, 0) == "");
  BOOST_TEST(stage.after(limits::kReadyTimeout) == "kill:1");
}

BOOST_AUTO_TEST_CASE(does_not_turn_while_all_that_should_serve_stand_still) {
  Stage stage;
  stage.serve();
  for (const pid_t pid : {1, 2}) {
    BOOST_TEST(stage.pool.turns());
    for (unsigned look = 0; look <= limits::kHeartbeatsMissedMax; ++look) stage.beat(pid, 3);
  }
  BOOST_TEST(!stage.pool.turns());
  stage.exit(1);
  stage.after(100ms);
  stage.ready(3);
  BOOST_TEST(stage.pool.turns());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pool_retirement)

BOOST_AUTO_TEST_CASE(drains_a_retiring_worker_when_its_successor_is_ready) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.retire(1) == "retire:0 spawn:2");
  BOOST_TEST(stage.retire(2) == "");  // one at a time
  BOOST_TEST(stage.ready(3) == "term:1");
  BOOST_TEST(stage.pool.serving_ready() == 2U);
  BOOST_TEST(stage.retire(2) == "");  // not while the other one drains
  BOOST_TEST(stage.exit(1) == "");
  BOOST_TEST(stage.retire(2) == "retire:1 spawn:0");
}

BOOST_AUTO_TEST_CASE(keeps_a_retiring_worker_when_its_successor_fails_and_tries_again_later) {
  for (const bool refuses : {false, true}) {
    Stage stage;
    stage.serve();
    stage.retire(1);
    BOOST_TEST(stage.exit(3, refuses) == (refuses ? "refused:2 retire-failed:0" : "retire-failed:0"));
    BOOST_TEST(stage.retire(1) == "");
    BOOST_TEST(stage.after(limits::kRestartDelayMax) == "");
    BOOST_TEST(stage.retire(1) == "retire:0 spawn:2");
  }
}

BOOST_AUTO_TEST_CASE(lets_the_successor_take_the_place_of_a_retiring_worker_that_died) {
  Stage stage;
  stage.serve();
  stage.retire(1);
  BOOST_TEST(stage.exit(1) == "delay:100");
  BOOST_TEST(stage.ready(3) == "");
  BOOST_TEST(stage.after(1h) == "");
  BOOST_TEST(stage.pool.serving_ready() == 2U);
}

BOOST_AUTO_TEST_CASE(does_not_retire_during_a_reload_and_a_reload_ends_a_retirement) {
  Stage stage;
  stage.serve();
  stage.retire(1);
  BOOST_TEST(stage.reload() == "reload spawn:3 spawn:4");
  stage.ready(4);
  BOOST_TEST(stage.ready(5) == "reloaded term:1 term:2 term:3");
  BOOST_TEST(stage.retire(1) == "");
  BOOST_TEST(stage.retire(4) == "retire:3 spawn:5");
}

BOOST_AUTO_TEST_SUITE_END()
