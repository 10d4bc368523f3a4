// Blocked, signed out and deleted users: what the API says, and what waits for what.

#include <boost/test/unit_test.hpp>

#include "api_fixture.h"

using namespace tasklane;

namespace {

struct FakeMarks : MarkSource {
  boost::asio::awaitable<Result<std::vector<UserMark>>> changed_since(std::int64_t) override {
    store_calls_before.push_back(store->calls.size());
    if (fails) co_return fail(ErrorType::service_unavailable, "away");
    co_return marks;
  }

  MemoryTaskStore* store = nullptr;
  std::vector<std::size_t> store_calls_before;
  std::vector<UserMark> marks;
  bool fails = false;
};

struct MarksFixture : ApiFixture {
  MarksFixture() { source->store = &store; }

  Response ask(const std::string& method, const std::string& target) {
    Request request = method == "GET" || method == "HEAD" || method == "DELETE"
                          ? make_request(method, target)
                          : with_body(method, target, R"({"title":"t"})");
    request.authorization = keep("Bearer " + token_of("alice"));
    return await(loop, marked.handle(std::move(request)));
  }

  FakeMarks* source = new FakeMarks;  // the marks'
  UserMarks marks{std::unique_ptr<MarkSource>(source)};
  Api marked{authenticator, store, operations, own, kInFlightMax, std::chrono::seconds(1), {}, &marks};
};

constexpr std::array<std::pair<const char*, const char*>, 9> kAll = {
    {{"GET", "/api/tasks"},
     {"HEAD", "/api/tasks"},
     {"GET", "/api/tasks/stats"},
     {"GET", "/api/bob/tasks"},
     {"POST", "/api/tasks"},
     {"PUT", "/api/tasks/1"},
     {"DELETE", "/api/tasks/1"},
     {"DELETE", "/api/tasks?status=all"},
     {"PATCH", "/api/alice/tasks/1/complete"}}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(api_marks, MarksFixture)

BOOST_AUTO_TEST_CASE(a_blocked_user_is_refused_on_every_path) {
  source->marks = {{.user = "alice", .blocked = true, .change = 1}};
  for (const auto& [method, target] : kAll) {
    const Response response = ask(method, target);
    BOOST_TEST(response.status == 403, method << ' ' << target);
    BOOST_TEST(kind_of(response) == "account_blocked", method << ' ' << target);
  }
  BOOST_TEST(send("GET", "/healthz").status == 200);
}

BOOST_AUTO_TEST_CASE(tokens_of_a_signed_out_or_deleted_user_are_like_expired_ones) {
  for (const auto& [mark, fault] :
       {std::pair(UserMark{.user = "alice", .signed_out_at = 9e9, .change = 1}, TokenFault::signed_out),
        std::pair(UserMark{.user = "alice", .deleted = true, .change = 2}, TokenFault::account_deleted)}) {
    UserMarks others{[&] {
      auto fresh = std::make_unique<FakeMarks>();
      fresh->store = &store;
      fresh->marks = {mark};
      return fresh;
    }()};
    Api api_of_others{authenticator,           store, operations, own, kInFlightMax,
                      std::chrono::seconds(1), {},    &others};
    for (const auto& [method, target] : kAll) {
      Request request = make_request(method, target);
      request.authorization = keep("Bearer " + token_of("alice"));
      const Response response = await(loop, api_of_others.handle(std::move(request)));
      BOOST_TEST(kind_of(response) == "authentication_error", method << ' ' << target);
      BOOST_TEST(header_of(response, "WWW-Authenticate") ==
                 R"(Bearer realm="tasklane", error="invalid_token")");
    }
    BOOST_TEST(read(own.authentication_failures[static_cast<std::size_t>(fault)]) == kAll.size());
  }
}

BOOST_AUTO_TEST_CASE(a_write_waits_for_the_look_and_others_have_none) {
  source->marks = {{.user = "alice", .blocked = true, .change = 1}};
  BOOST_TEST(ask("POST", "/api/tasks").status == 403);
  BOOST_TEST(store.calls.empty());
  source->marks = {{.user = "bob", .blocked = true, .change = 2}};
  BOOST_TEST(ask("DELETE", "/api/tasks/1").status == 403);
  BOOST_TEST(source->store_calls_before.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_read_does_not_wait_for_the_look_to_begin) {
  store.gate =
      std::make_unique<boost::asio::steady_timer>(loop, boost::asio::steady_timer::time_point::max());
  Request request = make_request("GET", "/api/tasks");
  request.authorization = keep("Bearer " + token_of("alice"));
  std::optional<Response> response;
  begin(loop, marked.handle(std::move(request)), response);
  loop.poll();
  BOOST_TEST(store.calls.size() == 1U);
  BOOST_TEST(source->store_calls_before.size() == 1U, "the look has begun as well");
  BOOST_TEST(!response.has_value());
  store.gate->cancel();
  BOOST_REQUIRE(run_until(loop, [&] { return response.has_value(); }));
  BOOST_TEST(response->status == 200);
}

BOOST_AUTO_TEST_CASE(a_row_that_the_database_left_out_is_a_deleted_users_or_a_fault) {
  BOOST_TEST(ask("POST", "/api/tasks").status == 201);
  store.suppresses_inserts = true;
  BOOST_TEST(ask("POST", "/api/tasks").status == 500, "a trigger of somebody else's");
  source->marks = {{.user = "alice", .deleted = true, .change = 1}};
  BOOST_TEST(ask("POST", "/api/tasks").status == 401, "though what was known is not a second old");
}

BOOST_AUTO_TEST_CASE(without_knowledge_nobody_is_served) {
  source->fails = true;
  for (const auto& [method, target] : kAll)
    BOOST_TEST(kind_of(ask(method, target)) == "service_unavailable", method << ' ' << target);
}

BOOST_AUTO_TEST_SUITE_END()
