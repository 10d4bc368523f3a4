// The list's query, and the isolation of two users on every endpoint.

#include <boost/test/unit_test.hpp>

#include "tasks_fixture.h"

using namespace tasklane;

namespace {

struct ThreeTasks : TasksFixture {
  ThreeTasks() {
    for (const char* title : {"a", "b", "c"}) create(title, alice);
    send("PATCH", "/api/tasks/2/complete");
    store.calls.clear();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_lists, ThreeTasks)

BOOST_AUTO_TEST_CASE(filters_by_status) {
  BOOST_TEST(titles("/api/tasks?status=completed", alice) == "b");
  BOOST_TEST(titles("/api/tasks?status=active", alice) == "c a");
  BOOST_TEST(titles("/api/tasks?status=pending", alice) == "c a");
  BOOST_TEST(titles("/api/tasks?status=all", alice) == "c b a");
  BOOST_TEST(titles("/api/tasks/?x=y&status=%63ompleted", alice) == "b");
}

BOOST_AUTO_TEST_CASE(filters_by_completed) {
  BOOST_TEST(titles("/api/tasks?completed=true", alice) == "b");
  BOOST_TEST(titles("/api/tasks?completed=false", alice) == "c a");
  BOOST_TEST(titles("/api/tasks?completed=false&status=completed", alice) == "b");
  BOOST_TEST(titles("/api/tasks?status=all&completed=true", alice) == "c b a");
}

BOOST_AUTO_TEST_CASE(ignores_other_parameters) {
  BOOST_TEST(titles("/api/tasks?limits=1&page=x&user_id=bob&state=completed", alice) == "c b a");
  BOOST_TEST(titles("/api/tasks?", alice) == "c b a");
}

BOOST_AUTO_TEST_CASE(refuses_other_values_and_does_not_ask_the_store) {
  for (const char* query : {"status=", "status", "status=Completed", "status=done", "status=active&status=x",
                            "status=active%20", "status=%zz", "status=%00", "status=completed,active"}) {
    const auto answer = send("GET", std::string("/api/tasks?") + query);
    BOOST_REQUIRE(!answer);
    BOOST_TEST(status_of(answer) == 400, query);
    BOOST_TEST(answer.error().errors.at(0).loc == (std::vector<std::string>{"query", "status"}));
    BOOST_TEST(answer.error().errors.at(0).type == "enum");
  }
  for (const char* query :
       {"completed=", "completed=1", "completed=yes", "completed=TRUE", "completed=x&status=all"}) {
    const auto answer = send("GET", std::string("/api/tasks?") + query);
    BOOST_REQUIRE(!answer);
    BOOST_TEST(answer.error().errors.at(0).loc == (std::vector<std::string>{"query", "completed"}));
  }
  BOOST_TEST(store.calls.empty());
}

BOOST_AUTO_TEST_CASE(a_user_sees_and_changes_nothing_of_another_s) {
  BOOST_TEST(titles("/api/tasks", bob) == "");
  BOOST_TEST(titles("/api/tasks?status=completed", bob) == "");
  const std::string before = send("GET", "/api/tasks")->body;

  const Error missing = send(make_request("GET", "/api/tasks/99"), bob).error();
  for (const auto& answer :
       {send(make_request("GET", "/api/tasks/1"), bob), send(make_request("DELETE", "/api/tasks/1"), bob),
        send(with_body("PUT", "/api/tasks/1", R"({"title":"stolen"})"), bob),
        send(with_body("PUT", "/api/tasks/1", "{}"), bob),
        send(make_request("PATCH", "/api/tasks/1/complete"), bob)}) {
    BOOST_REQUIRE(!answer);
    // To the byte what a missing task is answered with.
    BOOST_TEST(problem(answer.error(), "r").body == problem(missing, "r").body);
  }
  BOOST_TEST(send("GET", "/api/tasks")->body == before);
}

BOOST_AUTO_TEST_CASE(a_new_task_is_its_creator_s_whatever_the_body_says) {
  const auto made =
      json_of(send(with_body("POST", "/api/tasks", R"({"title":"t","user_id":"alice","id":1})"), bob));
  BOOST_TEST(*made.find("user_id")->string() == "bob");
  BOOST_TEST(*made.find("id")->integer() == 4);
  BOOST_TEST(titles("/api/tasks", alice) == "c b a");
  BOOST_TEST(titles("/api/tasks", bob) == "t");
}

BOOST_AUTO_TEST_SUITE_END()
