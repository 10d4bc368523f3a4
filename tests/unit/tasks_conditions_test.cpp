// Versions and conditional requests, on the in-memory store.

#include <boost/test/unit_test.hpp>
#include <set>

#include "base/limits.h"
#include "tasks/content_hash.h"
#include "tasks_fixture.h"

using namespace tasklane;

namespace {

struct ConditionsFixture : TasksFixture {
  Result<Response> ask(const std::string& method, const std::string& target,
                       std::optional<std::string_view> if_match, const std::string& body = {},
                       std::string_view key = {}) {
    Request request = with_body(method, target, body);
    request.if_match = if_match;
    if (!key.empty()) request.idempotency_key = key;
    return send(request, alice);
  }
  Result<Response> look(const std::string& method, const std::string& target,
                        std::string_view if_none_match) {
    Request request = make_request(method, target);
    request.if_none_match = if_none_match;
    return send(request, alice);
  }
  // "200 "3"": the status and the ETag.
  static std::string told(const Result<Response>& answer) {
    const Response response =
        answer ? Response{.status = answer->status, .etag = answer->etag} : problem(answer.error(), "");
    return std::to_string(response.status) + " " + std::string(response.etag.text());
  }
  std::string tag(const std::string& target) { return header_of(*send("GET", target), "ETag"); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_conditions, ConditionsFixture)

BOOST_AUTO_TEST_CASE(every_answer_that_is_one_task_has_its_version) {
  const auto made = send("POST", "/api/tasks", R"({"title":"a"})");
  BOOST_TEST(told(made) == R"(201 "1")");
  const std::string path = header_of(*made, "Location");
  BOOST_TEST(told(send("GET", path)) == R"(200 "1")");
  BOOST_TEST(told(send("PUT", path, R"({"title":"b"})")) == R"(200 "2")");
  BOOST_TEST(told(send("PATCH", path, R"({"title":"c"})", "application/merge-patch+json")) == R"(200 "3")");
  BOOST_TEST(told(send("PATCH", path + "/complete")) == R"(200 "4")");
  BOOST_TEST(told(send("PUT", path, "{}")) == R"(200 "4")");
  BOOST_TEST(told(send("HEAD", path)) == R"(200 "4")");
}

BOOST_AUTO_TEST_CASE(a_merge_patch_is_a_put_by_another_name) {
  const std::string path = create("a", alice);
  send("PUT", path, R"({"description":"d"})");
  const auto patched = send("PATCH", path, R"({"description":null,"completed":true})");
  BOOST_TEST(json_of(patched).find("description")->is_null());
  BOOST_TEST(*json_of(patched).find("completed")->boolean());
  BOOST_TEST(*json_of(patched).find("title")->string() == "a");
  BOOST_TEST(status("PATCH", path, R"({"title":null})") == 400);
  BOOST_TEST(status("PATCH", path, "") == 400);
  BOOST_TEST(status("PATCH", path, "{}", "text/plain") == 415);
  BOOST_TEST(status("PUT", path, "{}", "application/merge-patch+json") == 415);
  BOOST_TEST(status("PATCH", path + "/complete", "{}", "application/merge-patch+json") == 415);
}

BOOST_AUTO_TEST_CASE(if_match_binds_each_change_to_a_version) {
  const std::string path = create("a", alice);
  BOOST_TEST(told(ask("PUT", path, R"("1")", R"({"title":"b"})")) == R"(200 "2")");
  BOOST_TEST(told(ask("PUT", path, R"("1")", R"({"title":"c"})")) == R"(412 "2")");
  BOOST_TEST(told(ask("PATCH", path, R"("1", "2")", R"({"title":"c"})")) == R"(200 "3")");
  BOOST_TEST(told(ask("PATCH", path + "/complete", R"("2")")) == R"(412 "3")");
  BOOST_TEST(told(ask("PATCH", path + "/complete", R"("3")")) == R"(200 "4")");
  BOOST_TEST(told(ask("PUT", path, R"("3")", "{}")) == R"(412 "4")");
  BOOST_TEST(told(ask("PUT", path, R"("4")", "{}")) == R"(200 "4")");
  BOOST_TEST(told(ask("DELETE", path, R"("3")")) == R"(412 "4")");
  BOOST_TEST(told(ask("DELETE", path, R"("4")")) == "204 ");
  BOOST_TEST(told(ask("DELETE", path, R"("4")")) == "404 ");
  BOOST_TEST(told(ask("PUT", path, "*", R"({"title":"b"})")) == "404 ");
}

BOOST_AUTO_TEST_CASE(an_asterisk_asks_only_that_there_is_a_task) {
  const std::string path = create("a", alice);
  BOOST_TEST(told(ask("PUT", path, "*", R"({"title":"b"})")) == R"(200 "2")");
  BOOST_TEST(told(ask("DELETE", path, " * ")) == "204 ");
}

BOOST_AUTO_TEST_CASE(a_weak_tag_never_matches_and_the_detail_says_so) {
  const std::string path = create("a", alice);
  const auto refused = ask("PUT", path, R"(W/"1")", R"({"title":"b"})");
  BOOST_TEST(told(refused) == R"(412 "1")");
  BOOST_TEST(refused.error().detail.contains("weak"));
  BOOST_TEST(!ask("PUT", path, R"("9")", R"({"title":"b"})").error().detail.contains("weak"));
  BOOST_TEST(told(ask("PUT", path, R"(W/"1", "1")", R"({"title":"b"})")) == R"(200 "2")");
}

BOOST_AUTO_TEST_CASE(a_header_that_is_no_list_of_tags_is_refused_and_nothing_happens) {
  const std::string path = create("a", alice);
  for (const std::string method : {"PUT", "PATCH", "DELETE"}) {
    for (const char* header : {"", "1", "\"1", "\"1\" \"2\"", ","})
      BOOST_TEST(told(ask(method, path, header, method == "DELETE" ? "" : R"({"title":"b"})")) == "400 ");
  }
  BOOST_TEST(told(ask("PATCH", path + "/complete", "1")) == "400 ");
  for (const std::string& target : {path, std::string("/api/tasks"), std::string("/api/tasks/stats")})
    BOOST_TEST(told(look("GET", target, "1")) == "400 ");
  BOOST_TEST(tag(path) == "\"1\"");
}

BOOST_AUTO_TEST_CASE(another_user_s_task_is_missing_whatever_is_asked_for) {
  const std::string path = create("a", bob);
  BOOST_TEST(told(ask("PUT", path, R"("1")", R"({"title":"b"})")) == "404 ");
  BOOST_TEST(told(ask("DELETE", path, R"("9")")) == "404 ");
  BOOST_TEST(told(look("GET", path, "*")) == "404 ");
}

BOOST_AUTO_TEST_CASE(if_none_match_spares_what_is_known) {
  const std::string path = create("a", alice);
  for (const char* header : {R"("1")", R"(W/"1")", R"("7", "1")", "*"}) {
    const auto answer = look("GET", path, header);
    BOOST_TEST(told(answer) == R"(304 "1")");
    BOOST_TEST(answer->body.empty());
    BOOST_TEST(answer->content_type.empty());
  }
  BOOST_TEST(told(look("HEAD", path, R"("1")")) == R"(304 "1")");
  BOOST_TEST(told(look("GET", path, R"("2")")) == R"(200 "1")");
  for (const std::string target : {"/api/tasks", "/api/tasks?status=active", "/api/tasks/stats"}) {
    const std::string known = tag(target);
    BOOST_TEST(told(look("GET", target, known)) == "304 " + known);
    send("PATCH", path + "/complete");
    send("PATCH", path + "/complete");
    BOOST_TEST(told(look("GET", target, known)) == "200 " + tag(target));
    BOOST_TEST(tag(target) != known);
  }
}

BOOST_AUTO_TEST_CASE(a_list_longer_than_a_page_has_no_tag) {
  for (std::size_t i = 1; i < limits::kListFirstRowsMax; ++i) create("a", alice);
  const std::string known = tag("/api/tasks");
  BOOST_TEST(known.starts_with("W/\""));
  create("b", alice);
  BOOST_TEST(tag("/api/tasks") == "");
  const auto whole = look("GET", "/api/tasks", known);
  BOOST_TEST(told(whole) == "200 ");
  BOOST_TEST(!!whole->more);
  BOOST_TEST(told(look("GET", "/api/tasks", "*")) == "304 ");
}

BOOST_AUTO_TEST_CASE(stats_count_and_their_tag_changes_with_every_change) {
  std::set<std::string> seen{tag("/api/tasks/stats")};
  const auto is_new = [&] { return seen.insert(tag("/api/tasks/stats")).second; };
  const std::string first = create("a", alice);
  BOOST_TEST(is_new());
  const std::string second = create("b", alice);
  BOOST_TEST(is_new());
  send("PATCH", first + "/complete");
  BOOST_TEST(is_new());
  BOOST_TEST(send("GET", "/api/tasks/stats")->body == R"({"total":2,"active":1,"completed":1})");
  send("PUT", second, R"({"title":"c"})");
  BOOST_TEST(is_new());
  send("DELETE", second);
  BOOST_TEST(is_new());
  create("d", bob);
  BOOST_TEST(!is_new());
}

BOOST_AUTO_TEST_CASE(a_key_repeats_a_change_whose_answer_was_lost) {
  const std::string path = create("a", alice);
  for (int times = 0; times < 2; ++times) {
    const auto changed = ask("PUT", path, R"("1")", R"({"title":"b"})", "put");
    BOOST_TEST(told(changed) == R"(200 "2")");
    BOOST_TEST(header_of(*changed, "Idempotency-Replayed") == (times == 0 ? "" : "true"));
  }
  BOOST_TEST(told(ask("PATCH", path, R"("1")", R"({"title":"b"})", "put")) == R"(200 "2")");
  BOOST_TEST(told(ask("PUT", path, R"("2")", R"({"title":"b"})", "put")) == "409 ");
  BOOST_TEST(told(ask("PUT", path, {}, R"({"title":"b"})", "put")) == "409 ");
  BOOST_TEST(told(ask("PUT", path, R"("1")", R"({"title":"c"})", "put")) == "409 ");
  BOOST_TEST(told(ask("PUT", path, R"("1")", R"({"title":"c"})", "late")) == R"(412 "2")");
  BOOST_TEST(told(ask("PUT", path, R"("2")", R"({"title":"c"})", "late")) == R"(200 "3")");
  for (int times = 0; times < 2; ++times)
    BOOST_TEST(told(ask("DELETE", path, R"("3")", "", "gone")) == "204 ");
  BOOST_TEST(told(ask("DELETE", path, R"("3")", "", "other")) == "404 ");
  BOOST_TEST(told(ask("DELETE", path, {}, "", "put")) == "409 ");
}

BOOST_AUTO_TEST_CASE(the_hash_of_a_list_tells_all_that_an_answer_shows) {
  const Task task{
      .id = 1, .title = "ab", .description = "c", .completed = false, .created_at = 5, .updated_at = 6};
  const auto hash = [](std::vector<Task> rows) {
    return content_hash(Tasks{.rows = std::move(rows), .memory = nullptr});
  };
  std::set<std::uint64_t> seen{hash({}), hash({task}), hash({task, task})};
  const auto differs = [&](auto change) {
    Task other = task;
    change(other);
    return seen.insert(hash({other})).second;
  };
  BOOST_TEST(differs([](Task& t) { t.id = 2; }));
  BOOST_TEST(differs([](Task& t) { t.title = "abc", t.description = ""; }));
  BOOST_TEST(differs([](Task& t) { t.description = ""; }));
  BOOST_TEST(differs([](Task& t) { t.description = std::nullopt; }));
  BOOST_TEST(differs([](Task& t) { t.title = std::string_view("ab\0", 3); }));
  BOOST_TEST(differs([](Task& t) { t.title = "a title of more than eight bytes"; }));
  BOOST_TEST(differs([](Task& t) { t.title = "a title of more than eight bytez"; }));
  BOOST_TEST(differs([](Task& t) { t.completed = true; }));
  BOOST_TEST(differs([](Task& t) { t.updated_at = 5; }));
  BOOST_TEST(seen.size() == 12U);
}

BOOST_AUTO_TEST_SUITE_END()
