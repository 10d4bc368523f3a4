// The router against the contract's table of paths and methods.

#include <boost/test/unit_test.hpp>
#include <set>

#include "http/router.h"
#include "requests.h"

using namespace tasklane;

namespace {

// "get_task 7", "list_tasks 0 of alice", "404", "405 GET, HEAD": what a request meets.
std::string route(const std::string& method, const std::string& target) {
  const Request request = make_request(method, target);
  const auto found = find_route(request);
  if (!found) return found.error().type == ErrorType::not_found_error ? "404" : "405 " + found.error().allow;
  std::string text(spelling(found->endpoint));
  if (found->task_id != 0) text += ' ' + std::to_string(found->task_id);
  if (found->path_user) text += " of " + *found->path_user;
  if (found->head) text += " head";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(router)

BOOST_AUTO_TEST_CASE(knows_every_path_and_method_of_the_contract) {
  BOOST_TEST(route("GET", "/api/tasks") == "list_tasks");
  BOOST_TEST(route("POST", "/api/tasks") == "create_task");
  BOOST_TEST(route("GET", "/api/tasks/7") == "get_task 7");
  BOOST_TEST(route("PUT", "/api/tasks/7") == "update_task 7");
  BOOST_TEST(route("DELETE", "/api/tasks/7") == "delete_task 7");
  BOOST_TEST(route("DELETE", "/api/tasks?status=all") == "delete_tasks");
  BOOST_TEST(route("PATCH", "/api/tasks/7/complete") == "complete_task 7");
  BOOST_TEST(route("PATCH", "/api/tasks/7/toggle-complete") == "complete_task 7");
  BOOST_TEST(route("PATCH", "/api/tasks/7") == "update_task 7");
  BOOST_TEST(route("GET", "/api/tasks/stats") == "task_stats");
  BOOST_TEST(route("HEAD", "/api/tasks/stats/") == "task_stats head");
  BOOST_TEST(route("GET", "/api/alice/tasks/stats") == "task_stats of alice");
  BOOST_TEST(route("DELETE", "/api/tasks/stats") == "405 GET, HEAD");
  BOOST_TEST(route("PATCH", "/api/tasks/stats/complete") == "complete_task");
  BOOST_TEST(route("GET", "/healthz") == "healthz");
  BOOST_TEST(route("GET", "/readyz") == "readyz");
  BOOST_TEST(route("GET", "/metrics") == "metrics");
  BOOST_TEST(route("GET", "/status") == "status");
}

BOOST_AUTO_TEST_CASE(serves_head_wherever_get_is) {
  BOOST_TEST(route("HEAD", "/api/tasks") == "list_tasks head");
  BOOST_TEST(route("HEAD", "/api/tasks/7") == "get_task 7 head");
  BOOST_TEST(route("HEAD", "/readyz") == "readyz head");
  BOOST_TEST(route("HEAD", "/api/tasks/7/complete") == "405 PATCH");
}

BOOST_AUTO_TEST_CASE(names_the_allowed_methods_of_a_known_path) {
  for (const char* method : {"PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "GETX", ""}) {
    BOOST_TEST(route(method, "/api/tasks") == "405 GET, HEAD, POST, DELETE", method);
    BOOST_TEST(route(method, "/api/tasks/") == "405 GET, HEAD, POST, DELETE", method);
  }
  for (const char* method : {"POST", "OPTIONS", "PROPFIND", ""})
    BOOST_TEST(route(method, "/api/tasks/7") == "405 GET, HEAD, PUT, PATCH, DELETE", method);
  for (const char* method : {"GET", "POST", "PUT", "DELETE", "PROPFIND", ""})
    for (const char* path : {"/api/tasks/7/complete", "/api/tasks/7/toggle-complete"})
      BOOST_TEST(route(method, path) == "405 PATCH", method);
  for (const char* path : {"/healthz", "/readyz", "/metrics", "/status"})
    BOOST_TEST(route("POST", path) == "405 GET, HEAD", path);
  BOOST_TEST(route("PUT", "/api/alice/tasks") == "405 GET, HEAD, POST, DELETE");
}

BOOST_AUTO_TEST_CASE(takes_one_trailing_slash_for_none) {
  BOOST_TEST(route("GET", "/api/tasks/") == "list_tasks");
  BOOST_TEST(route("POST", "/api/tasks/?x=1") == "create_task");
  BOOST_TEST(route("GET", "/api/tasks/7/") == "get_task 7");
  BOOST_TEST(route("PATCH", "/api/tasks/7/complete/") == "complete_task 7");
  BOOST_TEST(route("GET", "/api/alice/tasks/") == "list_tasks of alice");
}

BOOST_AUTO_TEST_CASE(serves_the_same_api_below_a_user_id) {
  BOOST_TEST(route("GET", "/api/alice/tasks") == "list_tasks of alice");
  BOOST_TEST(route("POST", "/api/alice/tasks") == "create_task of alice");
  BOOST_TEST(route("GET", "/api/alice/tasks/7") == "get_task 7 of alice");
  BOOST_TEST(route("PUT", "/api/alice/tasks/7") == "update_task 7 of alice");
  BOOST_TEST(route("DELETE", "/api/alice/tasks/7") == "delete_task 7 of alice");
  BOOST_TEST(route("PATCH", "/api/alice/tasks/7/complete") == "complete_task 7 of alice");
}

BOOST_AUTO_TEST_CASE(decodes_the_user_id_of_a_path) {
  BOOST_TEST(route("GET", "/api/a%20b/tasks") == "list_tasks of a b");
  BOOST_TEST(route("GET", "/api/a%2Fb%2ftasks/tasks/7") == "get_task 7 of a/b/tasks");
  BOOST_TEST(route("GET", "/api/%C3%A9/tasks") == "list_tasks of \xC3\xA9");
  BOOST_TEST(route("GET", "/api/a+b/tasks") == "list_tasks of a+b");
  BOOST_TEST(route("GET", "/api/a%3Fb/tasks?status=all") == "list_tasks of a?b");
  for (const char* broken :
       {"/api/%/tasks", "/api/%4/tasks", "/api/%G0/tasks", "/api/a%0/tasks", "/api//tasks"})
    BOOST_TEST(route("GET", broken) == "404", broken);
}

BOOST_AUTO_TEST_CASE(never_takes_the_issuer_s_paths_for_a_user_s) {
  for (const char* path : {"/api/auth/tasks", "/api/auth/tasks/7", "/api/auth/tasks/7/complete", "/api/auth",
                           "/api/auth/token", "/api/%61uth/tasks", "/api/%61%75%74%68/tasks/7"}) {
    for (const char* method : {"GET", "POST", "PATCH"}) BOOST_TEST(route(method, path) == "404", path);
  }
  BOOST_TEST(route("GET", "/api/author/tasks") == "list_tasks of author");
}

BOOST_AUTO_TEST_CASE(does_not_know_other_paths) {
  for (const char* path : {"",
                           "/",
                           "//",
                           "*",
                           "api/tasks",
                           "/api",
                           "/api/",
                           "/api/tasksx",
                           "/API/tasks",
                           "/api/Tasks",
                           "/tasks",
                           "/api/%74asks",
                           "/api/tasks/7/complete/now",
                           "/api/tasks/7/completed",
                           "/api/tasks/7/toggle",
                           "/api/alice",
                           "/api/alice/notes",
                           "/api/alice/tasks/7/complete/now",
                           "/api/alice/tasks/7/done",
                           "/healthz/live",
                           "/docs",
                           "/api//tasks",
                           "/api/x/../tasks",
                           "/a/b/c/d/e/f/g/h"})
    BOOST_TEST(route("GET", path) == "404", path);
}

BOOST_AUTO_TEST_CASE(takes_only_plain_positive_numbers_for_ids) {
  BOOST_TEST(route("GET", "/api/tasks/1") == "get_task 1");
  BOOST_TEST(route("GET", "/api/tasks/9007199254740992") == "get_task 9007199254740992");
  BOOST_TEST(route("GET", "/api/tasks/9223372036854775807") == "get_task 9223372036854775807");
  // Known paths, of a task that cannot exist: no 404 of the router's, no 405.
  const std::string endless(400, '9');
  for (const std::string id : {"0",
                               "-1",
                               "+1",
                               "01",
                               "00",
                               "9223372036854775808",
                               "18446744073709551617",
                               "1e3",
                               "1.0",
                               "0x1",
                               "%20",
                               "%201",
                               "1%20",
                               " 1",
                               "1 ",
                               "abc",
                               "NaN",
                               "null",
                               "*",
                               "%31",
                               "\xD9\xA1",
                               endless.c_str()}) {
    BOOST_TEST(route("GET", "/api/tasks/" + id) == "get_task", id);
    BOOST_TEST(route("PATCH", "/api/alice/tasks/" + id + "/complete") == "complete_task of alice", id);
  }
  BOOST_TEST(route("DELETE", "/api/tasks//") == "delete_task");
}

BOOST_AUTO_TEST_CASE(keeps_the_query_out_of_the_path) {
  const Request request = make_request("GET", "/api/tasks?status=active&x=/api?y");
  const auto found = find_route(request);
  BOOST_REQUIRE(found);
  BOOST_TEST(found->query == "status=active&x=/api?y");
  BOOST_TEST(route("GET", "/api/tasks/7?x=1") == "get_task 7");
  BOOST_TEST(route("GET", "/api/tasks/7?") == "get_task 7");
}

BOOST_AUTO_TEST_CASE(spells_every_endpoint_once) {
  std::set<std::string_view> spellings;
  for (std::size_t i = 0; i < kEndpoints; ++i) spellings.insert(spelling(static_cast<Endpoint>(i)));
  BOOST_TEST(spellings.size() == kEndpoints);
  BOOST_TEST(static_cast<std::size_t>(Endpoint::unknown) + 1 == kEndpoints);
}

BOOST_AUTO_TEST_SUITE_END()
