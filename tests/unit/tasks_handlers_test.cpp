// The six endpoints on the in-memory store: what they answer, and what they do not even ask the store for.

#include <boost/test/unit_test.hpp>

#include "tasks_fixture.h"

using namespace tasklane;

namespace {

using Calls = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_handlers, TasksFixture)

BOOST_AUTO_TEST_CASE(creating_answers_the_task_and_where_it_is) {
  const auto made = send("POST", "/api/tasks", R"({"title":" a ","description":""})");
  BOOST_REQUIRE(made);
  BOOST_TEST(made->status == 201);
  BOOST_TEST(header_of(*made, "Location") == "/api/tasks/1");
  BOOST_TEST(made->body ==
             R"({"id":1,"user_id":"alice","title":"a","description":"","completed":false,)"
             R"("created_at":"2023-11-14T22:13:20.000001Z","updated_at":"2023-11-14T22:13:20.000001Z"})");
  BOOST_TEST(send("GET", "/api/tasks/1")->body == made->body);
}

BOOST_AUTO_TEST_CASE(listing_answers_the_newest_first) {
  BOOST_TEST(send("GET", "/api/tasks")->body == "[]");
  for (const char* title : {"a", "b", "c"}) create(title, alice);
  BOOST_TEST(titles("/api/tasks", alice) == "c b a");
}

BOOST_AUTO_TEST_CASE(an_update_changes_what_is_there_only) {
  create("a", alice);
  const auto described = send("PUT", "/api/tasks/1", R"({"description":"d"})");
  BOOST_TEST(described->status == 200);
  BOOST_TEST(described->body ==
             R"({"id":1,"user_id":"alice","title":"a","description":"d","completed":false,)"
             R"("created_at":"2023-11-14T22:13:20.000001Z","updated_at":"2023-11-14T22:13:20.000002Z"})");
  const JsonValue done = json_of(send("PUT", "/api/tasks/1", R"({"completed":true,"title":"b"})"));
  BOOST_TEST(*done.find("description")->string() == "d");
  BOOST_TEST(*done.find("title")->string() == "b");
  BOOST_TEST(*done.find("completed")->boolean());
  BOOST_TEST(json_of(send("PUT", "/api/tasks/1", R"({"description":null})")).find("description")->is_null());
}

BOOST_AUTO_TEST_CASE(an_empty_update_changes_nothing_and_does_not_write) {
  create("a", alice);
  const std::string before = send("GET", "/api/tasks/1")->body;
  store.calls.clear();
  BOOST_TEST(send("PUT", "/api/tasks/1", "{}")->body == before);
  BOOST_TEST(send("PUT", "/api/tasks/1", R"({"priority":1})")->body == before);
  BOOST_TEST(store.calls == (Calls{"get", "get"}));
  BOOST_TEST(status("PUT", "/api/tasks/2", "{}") == 404);
}

BOOST_AUTO_TEST_CASE(completion_toggles_or_sets) {
  create("a", alice);
  const auto completed = [&](const std::string& body) {
    return *json_of(send("PATCH", "/api/tasks/1/complete", body)).find("completed")->boolean();
  };
  BOOST_TEST(*json_of(send("PATCH", "/api/tasks/1/complete")).find("completed")->boolean());
  BOOST_TEST(!completed("{}"));
  BOOST_TEST(completed(R"({"completed":true})"));
  BOOST_TEST(completed(R"({"completed":true})"));
  BOOST_TEST(!completed(R"({"completed":false})"));
}

BOOST_AUTO_TEST_CASE(deleting_answers_nothing_and_only_once) {
  create("a", alice);
  const auto removed = send("DELETE", "/api/tasks/1");
  BOOST_TEST(removed->status == 204);
  BOOST_TEST(removed->body == "");
  BOOST_TEST(status("DELETE", "/api/tasks/1") == 404);
  BOOST_TEST(status("GET", "/api/tasks/1") == 404);
}

BOOST_AUTO_TEST_CASE(an_id_that_cannot_exist_never_reaches_the_store) {
  for (const std::string id : {"0", "-1", "abc", "01", "9223372036854775808", "1e3"}) {
    const std::string target = "/api/tasks/" + id;
    for (const auto& answer :
         {send("GET", target), send("DELETE", target), send("PUT", target, R"({"title":"t"})"),
          send("PUT", target, "{}"), send("PATCH", target + "/complete")}) {
      BOOST_TEST(status_of(answer) == 404, target);
      // The same body as a missing task's.
      BOOST_TEST(answer.error().detail == "Task not found");
    }
  }
  BOOST_TEST(store.calls == Calls{});
  BOOST_TEST(send("GET", "/api/tasks/7").error().detail == "Task not found");
}

BOOST_AUTO_TEST_CASE(a_bad_body_never_reaches_the_store) {
  create("a", alice);
  store.calls.clear();
  BOOST_TEST(status("POST", "/api/tasks", "{}") == 400);
  BOOST_TEST(status("POST", "/api/tasks", "") == 400);
  BOOST_TEST(status("POST", "/api/tasks") == 400);
  BOOST_TEST(status("PUT", "/api/tasks/1", "") == 400);
  BOOST_TEST(status("PUT", "/api/tasks/1", R"({"title":null})") == 400);
  BOOST_TEST(status("PATCH", "/api/tasks/1/complete", R"({"completed":null})") == 400);
  BOOST_TEST(store.calls == Calls{});
}

BOOST_AUTO_TEST_CASE(a_body_that_was_too_large_is_told) {
  for (const auto& [method, target] : {std::pair("POST", "/api/tasks"), std::pair("PUT", "/api/tasks/1"),
                                       std::pair("PATCH", "/api/tasks/1/complete")}) {
    Request request = with_body(method, target, "", "text/plain");
    request.body_too_large = true;
    const auto answer = send(request, alice);
    BOOST_TEST(status_of(answer) == 413);
    BOOST_TEST(answer.error().detail == "Body must be at most 256 KiB");
  }
  BOOST_TEST(store.calls == Calls{});
}

BOOST_AUTO_TEST_CASE(the_store_s_failure_is_the_answer) {
  for (const ErrorType type : {ErrorType::service_unavailable, ErrorType::outcome_unknown}) {
    store.failure = Error{.type = type, .detail = "Away"};
    for (const auto& answer : {send("GET", "/api/tasks"), send("POST", "/api/tasks", R"({"title":"t"})"),
                               send("GET", "/api/tasks/1"), send("PUT", "/api/tasks/1", R"({"title":"t"})"),
                               send("DELETE", "/api/tasks/1"), send("PATCH", "/api/tasks/1/complete")}) {
      BOOST_REQUIRE(!answer);
      BOOST_TEST((answer.error().type == type));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_task_that_the_store_did_not_make_is_an_internal_error) {
  store.suppresses_inserts = true;
  Request once = with_body("POST", "/api/tasks", R"({"title":"t"})");
  once.idempotency_key = "k";
  for (const auto& answer : {send("POST", "/api/tasks", R"({"title":"t"})"), send(once, alice)}) {
    BOOST_REQUIRE(!answer);
    BOOST_TEST(status_of(answer) == 500);
  }
}

BOOST_AUTO_TEST_CASE(json_is_recognised_by_its_media_type) {
  const auto sent_as = [&](const std::string& type) {
    return status("POST", "/api/tasks", R"({"title":"t"})", type);
  };
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=UTF-8", "application/json ; charset=\"utf-8\"",
        "application/json; charset=Utf-8; x=y", "application/json;", "application/json; version=1",
        " application/json\t", "application/json;;charset=utf-8", "application/json; charset=utf8",
        "application/json;charset=\"UTF8\""})
    BOOST_TEST(sent_as(type) == 201, type);
  for (const char* type :
       {"", "text/plain", "application/jsonp", "application/json2; charset=utf-8", "text/json", "application",
        "json", "*/*", "application/xml", "application/json-patch+json", "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded", "application/json; charset=latin1",
        "application/json; charset=utf-16", "application/json; charset=", "application/json; charset",
        "application/json, text/plain", "application/vnd.api+json",
        "application/json; charset=utf-8; charset=latin1"})
    BOOST_TEST(sent_as(type) == 415, type);
}

BOOST_AUTO_TEST_CASE(without_a_body_the_content_type_does_not_matter) {
  create("a", alice);
  BOOST_TEST(status("PATCH", "/api/tasks/1/complete", "", "text/plain") == 200);
  BOOST_TEST(status("PATCH", "/api/tasks/1/complete", "{}", "text/plain") == 415);
  BOOST_TEST(status("DELETE", "/api/tasks/1", "", "application/json") == 204);
  BOOST_TEST(status("GET", "/api/tasks", "", "application/json") == 200);
}

BOOST_AUTO_TEST_SUITE_END()
