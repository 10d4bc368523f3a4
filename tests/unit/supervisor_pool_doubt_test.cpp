// Workers that get ready without something that they need: who serves then, and who is asked.
#include "supervisor_pool_stage.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(pool_doubt)

BOOST_AUTO_TEST_CASE(serves_as_it_is_where_nobody_is_replaced) {
  for (const Doubt doubt : {Doubt::unreachable, Doubt::unfit}) {
    Stage stage;
    stage.start();
    BOOST_TEST(stage.doubt(1, doubt) == "");
    BOOST_TEST(stage.state(0) == "ready");
    BOOST_TEST(stage.served == "1 ");
    stage.ready(2);
    stage.exit(2);
    BOOST_TEST(stage.after(100ms) == "respawn:1");  // of a serving generation: the same
    BOOST_TEST(stage.doubt(3, doubt) == "");
    BOOST_TEST(stage.served == "1 2 3 ");
  }
}

BOOST_AUTO_TEST_CASE(tells_a_new_generation_to_serve_when_all_of_it_is_ready) {
  Stage stage;
  stage.serve();
  BOOST_TEST(stage.served == "1 2 ");
  stage.reload();
  stage.ready(3);
  BOOST_TEST(stage.served == "1 2 ");
  BOOST_TEST(stage.ready(4) == "reloaded term:1 term:2");
  BOOST_TEST(stage.served == "1 2 3 4 ");
}

BOOST_AUTO_TEST_CASE(keeps_the_old_generation_when_a_new_worker_is_refused_what_it_needs) {
  Stage stage;
  stage.serve();
  stage.reload();
  stage.ready(3);
  BOOST_TEST(stage.doubt(4, Doubt::unfit) == "reload-failed:3 term:3 term:4");
  BOOST_TEST(stage.served == "1 2 ");
  stage.exit(3);
  stage.exit(4);
  BOOST_TEST(stage.gone == "2 ");
  BOOST_TEST(stage.pool.serving_ready() == 2U);
}

BOOST_AUTO_TEST_CASE(keeps_the_old_generation_when_it_reaches_its_database_and_the_new_one_does_not) {
  Stage stage;
  stage.serve();
  stage.reload();
  BOOST_TEST(stage.doubt(3) == "ask:1 ask:2");
  BOOST_TEST(stage.doubt(4) == "");  // they are asked once
  BOOST_TEST(stage.answer(1, false) == "");
  BOOST_TEST(stage.answer(2, true) == "reload-failed:2 term:3 term:4");
}

BOOST_AUTO_TEST_CASE(replaces_a_generation_that_does_not_reach_its_database_either) {
  Stage stage;
  stage.serve();
  stage.reload();
  stage.doubt(3);
  stage.ready(4);
  BOOST_TEST(stage.answer(1, false) == "");
  BOOST_TEST(stage.answer(2, false) == "reloaded term:1 term:2");
  BOOST_TEST(stage.served == "1 2 3 4 ");
}

BOOST_AUTO_TEST_CASE(asks_again_for_a_doubt_of_another_moment) {
  Stage stage;
  stage.serve();
  stage.reload();
  BOOST_TEST(stage.doubt(3) == "ask:1 ask:2");
  stage.answer(1, false);
  BOOST_TEST(stage.answer(2, false) == "");
  BOOST_TEST(stage.doubt(4) == "ask:1 ask:2");
  BOOST_TEST(stage.answer(1, true) == "reload-failed:3 term:3 term:4");
}

BOOST_AUTO_TEST_CASE(does_not_wait_for_ever_for_an_answer) {
  Stage stage(1);
  stage.serve();
  stage.reload();
  BOOST_TEST(stage.doubt(2) == "ask:1");
  BOOST_TEST((stage.pool.next_deadline() == stage.now + limits::kAnswerTimeout));
  BOOST_TEST(stage.after(limits::kAnswerTimeout) == "reloaded term:1");
}

BOOST_AUTO_TEST_CASE(does_not_wait_for_an_answer_of_the_dead) {
  Stage stage(1);
  stage.serve();
  stage.reload();
  stage.doubt(2);
  BOOST_TEST(stage.exit(1) == "delay:100 reloaded");
  BOOST_TEST(stage.served == "1 2 ");
}

BOOST_AUTO_TEST_CASE(takes_no_answer_that_was_not_asked_for) {
  Stage stage(1);
  stage.serve();
  BOOST_TEST(stage.answer(1, true) == "");
  BOOST_TEST(stage.answer(4711, true) == "");
  stage.reload();
  stage.doubt(2);
  BOOST_TEST(stage.answer(1, false) == "reloaded term:1");
}

BOOST_AUTO_TEST_CASE(keeps_a_retiring_worker_when_its_successor_has_a_doubt) {
  for (const Doubt doubt : {Doubt::unreachable, Doubt::unfit}) {
    Stage stage;
    stage.serve();
    stage.retire(1);
    BOOST_TEST(stage.doubt(3, doubt) == "term:3 retire-failed:0");
    BOOST_TEST(stage.served == "1 2 ");
    BOOST_TEST(stage.state(0) == "ready");
  }
}

BOOST_AUTO_TEST_CASE(tells_when_the_last_worker_of_a_generation_has_gone) {
  Stage stage;
  stage.serve();
  stage.reload();
  stage.ready(3);
  stage.ready(4);
  BOOST_TEST(stage.pool.oldest() == 1U);
  stage.exit(2);
  BOOST_TEST(stage.gone == "");
  stage.exit(1);
  BOOST_TEST(stage.gone == "1 ");
  BOOST_TEST(stage.pool.oldest() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
