// Idempotency-Key: how it is read, what it covers, and what the handlers make of it.

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "tasks/task_json.h"
#include "tasks_fixture.h"

using namespace tasklane;

namespace {

constexpr char kNewTask[] = R"({"title":"Buy milk","description":"two litres"})";

struct IntentFixture : TasksFixture {
  Result<Response> with_key(std::optional<std::string> key, Request request, const UserId& user) {
    request.idempotency_key = key;
    return send(request, user);
  }
  Result<Response> create(const std::optional<std::string>& key, const std::string& body = kNewTask) {
    return with_key(key, with_body("POST", "/api/tasks", body), alice);
  }
  Result<Response> toggle(const std::string& key, const std::string& target = "/api/tasks/1/complete") {
    return with_key(key, make_request("PATCH", target), alice);
  }
  bool replayed(const Result<Response>& answer) {
    return header_of(answer.value(), "Idempotency-Replayed") == "true";
  }
};

// The key read, "(none)", or why it was refused.
std::string key_of(std::optional<std::string_view> header) {
  const auto key = read_idempotency_key(header);
  if (!key) return key.error().errors.at(0).type;
  return key->value_or("(none)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(idempotency_key)

BOOST_AUTO_TEST_CASE(is_the_same_with_and_without_quotes) {
  for (const char* header : {"abc", "\"abc\""}) BOOST_TEST(key_of(header) == "abc");
  BOOST_TEST(key_of("!#$%&'()*+-./09:;<=>?@AZ[]^_`az{|}~") == "!#$%&'()*+-./09:;<=>?@AZ[]^_`az{|}~");
  BOOST_TEST(key_of(std::nullopt) == "(none)");
}

BOOST_AUTO_TEST_CASE(has_1_to_255_characters) {
  const std::string longest(limits::kIdempotencyKeyMaxCharacters, 'k');
  for (const std::string& header : {longest, '"' + longest + '"'}) BOOST_TEST(key_of(header) == longest);
  for (const std::string& header : {longest + "k", '"' + longest + "k\""})
    BOOST_TEST(key_of(header) == "string_too_long");
  for (const char* header : {"", "\"\""}) BOOST_TEST(key_of(header) == "string_too_short");
}

BOOST_AUTO_TEST_CASE(of_other_characters_is_refused) {
  for (const char* header : {"a b", " ", "\t", "a,b", "a, b", "\"a\", \"b\"", "a\"b", "\"a", "a\"", "\"",
                             "a\\b", "\"a\";x=1", "\x7f", "\x01", "caf\xC3\xA9", "\xFF"})
    BOOST_TEST(key_of(header) == "string_pattern_mismatch", header);
  const auto refused = read_idempotency_key("a b");
  BOOST_TEST((refused.error().type == ErrorType::validation_error));
  BOOST_TEST((refused.error().errors.at(0).loc == std::vector<std::string>{"header", "Idempotency-Key"}));
}

BOOST_AUTO_TEST_CASE(covers_what_is_meant_and_nothing_else) {
  const auto print = [](const char* body) { return fingerprint(parse_new_task(body).value()); };
  const auto same = print(R"({"title":"a","description":"b"})");
  for (const char* body : {R"( { "description" : "\u0062" , "title":" a " } )",
                           R"({"title":"a","description":"b","priority":1})"})
    BOOST_TEST((print(body) == same), body);
  for (const char* body : {R"({"title":"b","description":"a"})", R"({"title":"a","description":"b "})",
                           R"({"title":"a 1:b"})", R"({"title":"a","description":""})", R"({"title":"ab"})"})
    BOOST_TEST((print(body) != same), body);
  BOOST_TEST((print(R"({"title":"a"})") == print(R"({"title":"a","description":null})")));
  BOOST_TEST((print(R"({"title":"a"})") != print(R"({"title":"a","description":""})")));
  BOOST_TEST((print(R"({"title":"a"})") != print(R"({"title":"a","description":"null"})")));

  const TaskChange rename{.title = "a"}, describe{.description = "a"},
      clear{.description = std::optional<std::string>()};
  const TaskChange reopen{.completed = false};
  const std::array prints = {fingerprint(1, std::nullopt),
                             fingerprint(1, true),
                             fingerprint(1, false),
                             fingerprint(2, std::nullopt),
                             same,
                             fingerprint(1, std::nullopt, IfMatch{{3}}),
                             fingerprint(1, std::nullopt, IfMatch{{3, 4}}),
                             fingerprint(1, std::nullopt, IfMatch{{34}}),
                             fingerprint(1, std::nullopt, IfMatch(std::in_place)),
                             fingerprint(1, rename),
                             fingerprint(2, rename),
                             fingerprint(1, describe),
                             fingerprint(1, clear),
                             fingerprint(1, reopen),
                             fingerprint(1, rename, IfMatch{{3}}),
                             fingerprint_of_deletion(1, {}),
                             fingerprint_of_deletion(2, {}),
                             fingerprint_of_deletion(1, IfMatch{{3}})};
  for (std::size_t i = 0; i < prints.size(); ++i)
    for (std::size_t j = 0; j < prints.size(); ++j) BOOST_TEST((prints[i] == prints[j]) == (i == j));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(requests_with_an_idempotency_key, IntentFixture)

BOOST_AUTO_TEST_CASE(a_task_is_created_once_and_answered_again) {
  const auto first = create("k");
  const auto second = create("\"k\"", R"({"description":"two litres","title":" Buy milk ","more":1})");
  BOOST_TEST(first->status == 201);
  BOOST_TEST(!replayed(first));
  BOOST_TEST(second->status == 201);
  BOOST_TEST(replayed(second));
  BOOST_TEST(second->body == first->body);
  BOOST_TEST(header_of(*second, "Location") == "/api/tasks/1");
  BOOST_TEST(titles("/api/tasks", alice) == "Buy milk");
  BOOST_TEST(read(metrics.idempotency_replays) == 1U);
}

BOOST_AUTO_TEST_CASE(the_first_answer_stays_whatever_becomes_of_the_task) {
  const auto first = create("k");
  send("PUT", "/api/tasks/1", R"({"title":"other"})");
  BOOST_TEST(create("k")->body == first->body);
  send("DELETE", "/api/tasks/1");
  BOOST_TEST(create("k")->body == first->body);
  BOOST_TEST(titles("/api/tasks", alice) == "");
}

BOOST_AUTO_TEST_CASE(another_request_of_the_same_key_is_a_conflict) {
  create("k");
  const auto other = create("k", R"({"title":"Buy bread"})");
  BOOST_TEST(status_of(other) == 409);
  BOOST_TEST(other.error().detail == "This Idempotency-Key was used for another request");
  BOOST_TEST(status_of(toggle("k")) == 409);
  BOOST_TEST(status_of(create("l", R"({"title":"Buy bread"})")) == 201);
  BOOST_TEST(titles("/api/tasks", alice) == "Buy bread Buy milk");
}

BOOST_AUTO_TEST_CASE(a_toggle_is_not_undone_by_its_repetition) {
  create("k");
  const auto first = toggle("t");
  BOOST_TEST(*json_of(first).find("completed")->boolean());
  const auto second = toggle("t");
  BOOST_TEST(replayed(second));
  BOOST_TEST(second->body == first->body);
  BOOST_TEST(*json_of(send("GET", "/api/tasks/1")).find("completed")->boolean());
  BOOST_TEST(!*json_of(toggle("u")).find("completed")->boolean());
  BOOST_TEST(status_of(toggle("t", "/api/tasks/2/complete")) == 409);
}

BOOST_AUTO_TEST_CASE(a_missing_task_leaves_the_key_free) {
  BOOST_TEST(status_of(toggle("t")) == 404);
  BOOST_TEST(status_of(toggle("t", "/api/tasks/x/complete")) == 404);
  create("k");
  BOOST_TEST(!replayed(toggle("t")));
}

BOOST_AUTO_TEST_CASE(another_user_s_key_is_another_key) {
  create("k");
  const auto theirs = with_key("k", with_body("POST", "/api/tasks", R"({"title":"theirs"})"), bob);
  BOOST_TEST(theirs->status == 201);
  BOOST_TEST(!replayed(theirs));
}

BOOST_AUTO_TEST_CASE(a_key_counts_for_24_hours) {
  create("k");
  store.now += std::chrono::microseconds(limits::kIdempotencyKeyLifetime).count() - 1;
  BOOST_TEST(replayed(create("k")));
  store.now += 1;
  BOOST_TEST(!replayed(create("k", R"({"title":"new"})")));
  BOOST_TEST(replayed(create("k", R"({"title":"new"})")));
}

BOOST_AUTO_TEST_CASE(a_bad_key_or_body_never_reaches_the_store) {
  BOOST_TEST(status_of(create("a b")) == 400);
  BOOST_TEST(status_of(toggle("a b")) == 400);
  BOOST_TEST(status_of(create("")) == 400);
  BOOST_TEST(status_of(toggle("")) == 400);
  BOOST_TEST(status_of(create("k", "{}")) == 400);
  BOOST_TEST(store.calls.empty());
}

BOOST_AUTO_TEST_CASE(put_patch_and_delete_take_a_key_as_well) {
  create("k");
  const auto change = [&](const char* method, const char* key, const char* body) {
    return with_key(key, with_body(method, "/api/tasks/1", body), alice);
  };
  BOOST_TEST(!replayed(change("PUT", "put", R"({"title":"b"})")));
  BOOST_TEST(replayed(change("PUT", "put", R"({"title":"b"})")));
  BOOST_TEST(replayed(change("PATCH", "put", R"({"title":"b"})")));
  BOOST_TEST(status_of(change("PUT", "put", R"({"title":"c"})")) == 409);
  BOOST_TEST(status_of(change("PUT", "k", R"({"title":"c"})")) == 409);
  BOOST_TEST(status_of(change("PUT", "a b", R"({"title":"c"})")) == 400);
  BOOST_TEST(!replayed(with_key("gone", make_request("DELETE", "/api/tasks/1"), alice)));
  BOOST_TEST(replayed(with_key("gone", make_request("DELETE", "/api/tasks/1"), alice)));
  BOOST_TEST(status_of(with_key("other", make_request("DELETE", "/api/tasks/1"), alice)) == 404);
}

BOOST_AUTO_TEST_CASE(without_a_key_every_request_is_its_own) {
  create(std::nullopt);
  create(std::nullopt);
  BOOST_TEST(titles("/api/tasks", alice) == "Buy milk Buy milk");
  BOOST_TEST(store.calls.front() == "create");
}

BOOST_AUTO_TEST_SUITE_END()
