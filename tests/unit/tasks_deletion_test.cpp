// DELETE of many tasks.

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "tasks_fixture.h"

using namespace tasklane;

namespace {

struct ThreeTasks : TasksFixture {
  ThreeTasks() {
    for (const char* title : {"a", "b", "c"}) create(title, alice);
    create("theirs", bob);
    send("PATCH", "/api/tasks/2/complete");
    store.calls.clear();
  }
  std::string deleted(const std::string& target) { return send("DELETE", target)->body; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_deletions, ThreeTasks)

BOOST_AUTO_TEST_CASE(take_the_tasks_of_a_status_and_count_them) {
  BOOST_TEST(deleted("/api/tasks?status=completed") == R"({"deleted":1})");
  BOOST_TEST(titles("/api/tasks", alice) == "c a");
  BOOST_TEST(deleted("/api/alice/tasks/?status=active") == R"({"deleted":2})");
  BOOST_TEST(titles("/api/tasks", alice) == "");
  BOOST_TEST(deleted("/api/tasks?status=all&x=y") == R"({"deleted":0})");
  BOOST_TEST(titles("/api/tasks", bob) == "theirs");
}

BOOST_AUTO_TEST_CASE(without_one_status_do_nothing) {
  for (const char* query : {"", "?", "?status", "?status=", "?status=pending", "?status=ALL", "?status=done",
                            "?status=all&status=all", "?status=completed&status=all", "?x=all"}) {
    const auto answer = send("DELETE", std::string("/api/tasks") + query);
    BOOST_REQUIRE(!answer);
    BOOST_TEST(status_of(answer) == 400, query);
    BOOST_TEST(answer.error().errors.at(0).loc == (std::vector<std::string>{"query", "status"}));
  }
  BOOST_TEST(store.calls.empty());
}

// It would not be narrowed by them.
BOOST_AUTO_TEST_CASE(with_another_parameter_of_lists_do_nothing) {
  for (const std::string name : {"completed", "limit", "cursor", "offset", "sort", "order", "q"}) {
    const auto answer = send("DELETE", "/api/tasks?status=all&" + name + "=1");
    BOOST_REQUIRE(!answer);
    BOOST_TEST(answer.error().errors.at(0).loc == (std::vector<std::string>{"query", name}));
  }
  BOOST_TEST(store.calls.empty());
}

BOOST_AUTO_TEST_CASE(with_a_key_happen_once) {
  const auto once = [&](const std::string& status) {
    Request request = make_request("DELETE", "/api/tasks?status=" + status);
    request.idempotency_key = "k";
    return send(request, alice);
  };
  BOOST_TEST(once("completed")->body == R"({"deleted":1})");
  send("PATCH", "/api/tasks/1/complete");
  const auto again = once("completed");
  BOOST_TEST(again->body == R"({"deleted":1})");
  BOOST_TEST(header_of(*again, "Idempotency-Replayed") == "true");
  BOOST_TEST(titles("/api/tasks", alice) == "c a");
  BOOST_TEST((once("all").error().type == ErrorType::conflict));
  BOOST_TEST(titles("/api/tasks", alice) == "c a");
}

BOOST_AUTO_TEST_CASE(of_many_go_in_steps) {
  for (std::size_t i = 0; i < 2 * limits::kDeletedRowsMax; ++i)
    await(loop, store.create(alice, NewTask{.title = "t", .description = {}}));
  store.calls.clear();
  BOOST_TEST(deleted("/api/tasks?status=all") == R"({"deleted":4003})");
  BOOST_TEST(store.calls.size() == 3U);
  BOOST_TEST(titles("/api/tasks", bob) == "theirs");
}

BOOST_AUTO_TEST_CASE(that_fail_at_once_have_done_nothing) {
  store.failure = Error{.type = ErrorType::service_unavailable, .detail = "gone"};
  BOOST_TEST((send("DELETE", "/api/tasks?status=all").error().type == ErrorType::service_unavailable));
}

BOOST_AUTO_TEST_CASE(that_fail_on_the_way_say_that_some_are_gone) {
  for (std::size_t i = 0; i < limits::kDeletedRowsMax; ++i)
    await(loop, store.create(alice, NewTask{.title = "t", .description = {}}));
  store.calls.clear();
  store.calls_before_failure = 1;
  store.failure = Error{.type = ErrorType::service_unavailable, .detail = "gone"};
  const Error error = send("DELETE", "/api/tasks?status=all").error();
  BOOST_TEST((error.type == ErrorType::outcome_unknown));
  BOOST_TEST(error.detail == "2000 tasks were deleted, and more may be left; repeat the request");
}

BOOST_AUTO_TEST_SUITE_END()
