// A request's way: route, authenticate, handle, or problem, in this order.

#include <boost/test/unit_test.hpp>

#include "api_fixture.h"

using namespace tasklane;

BOOST_FIXTURE_TEST_SUITE(api_requests, ApiFixture)

BOOST_AUTO_TEST_CASE(a_proven_user_s_request_is_served) {
  const Response made = send_as("alice", with_body("POST", "/api/tasks", R"({"title":"t"})"));
  BOOST_TEST(made.status == 201);
  BOOST_TEST(send_as("alice", "GET", "/api/tasks/1").body == made.body);
  BOOST_TEST(send_as("alice", "GET", "/api/alice/tasks/1").body == made.body);
  BOOST_TEST(send_as("alice", "PUT", "/api/tasks/1").status == 400);
  BOOST_TEST(send_as("alice", with_body("PUT", "/api/tasks/1", R"({"title":"u"})")).status == 200);
  BOOST_TEST(send_as("alice", "PATCH", "/api/alice/tasks/1/complete").status == 200);
  BOOST_TEST(send_as("alice", "GET", "/api/tasks").status == 200);
  BOOST_TEST(send_as("alice", "DELETE", "/api/tasks/1").status == 204);
}

BOOST_AUTO_TEST_CASE(an_unknown_path_needs_no_token) {
  BOOST_TEST(kind_of(send("GET", "/api/nothing")) == "not_found_error");
  BOOST_TEST(kind_of(send("GET", "/api/auth/tasks")) == "not_found_error");
  const Response response = send("PATCH", "/api/tasks");
  BOOST_TEST(kind_of(response) == "method_not_allowed");
  BOOST_TEST(header_of(response, "Allow") == "GET, HEAD, POST, DELETE");
}

BOOST_AUTO_TEST_CASE(without_a_token_nothing_else_is_told) {
  for (const auto& [method, target] :
       {std::pair("GET", "/api/tasks"), std::pair("GET", "/api/tasks/99"), std::pair("GET", "/api/tasks/abc"),
        std::pair("GET", "/api/bob/tasks"), std::pair("GET", "/api/tasks?status=wrong"),
        std::pair("POST", "/api/tasks"), std::pair("PUT", "/api/tasks/1"),
        std::pair("DELETE", "/api/tasks/1"), std::pair("PATCH", "/api/tasks/1/complete"),
        std::pair("HEAD", "/api/tasks")}) {
    const Response response = send(method, target);
    BOOST_TEST(kind_of(response) == "authentication_error", method << ' ' << target);
    BOOST_TEST(header_of(response, "WWW-Authenticate") == R"(Bearer realm="tasklane")");
  }
  Request request = with_body("POST", "/api/tasks", "not json", "text/plain");
  request.body_too_large = true;
  request.authorization = "Bearer a.b.c";
  const Response response = send(request);
  BOOST_TEST(kind_of(response) == "authentication_error");
  BOOST_TEST(header_of(response, "WWW-Authenticate") == R"(Bearer realm="tasklane", error="invalid_token")");
  BOOST_TEST(store.calls.empty());
}

BOOST_AUTO_TEST_CASE(another_user_s_path_is_forbidden_whatever_lies_there) {
  for (const char* path : {"/api/bob/tasks", "/api/bob/tasks/1", "/api/bob/tasks/abc", "/api/Alice/tasks",
                           "/api/alice%20/tasks", "/api/alice%00/tasks", "/api/bob/tasks?status=wrong"})
    BOOST_TEST(kind_of(send_as("alice", "GET", path)) == "authorization_error", path);
  BOOST_TEST(kind_of(send_as("alice", with_body("POST", "/api/bob/tasks", "not json"))) ==
             "authorization_error");
  BOOST_TEST(store.calls.empty());
  BOOST_TEST(send_as("a b/\xC3\xA9", "GET", "/api/a%20b%2F%c3%A9/tasks").status == 200);
}

BOOST_AUTO_TEST_CASE(head_is_answered_without_a_body_everywhere) {
  for (const char* path : {"/api/tasks", "/api/tasks/9", "/api/tasks/9/complete", "/healthz", "/nothing"}) {
    BOOST_TEST(send_as("alice", "HEAD", path).head, path);
    BOOST_TEST(send("HEAD", path).head, path);
    BOOST_TEST(!send("GET", path).head, path);
  }
  const Response head = send_as("alice", "HEAD", "/api/tasks");
  BOOST_TEST(head.status == 200);
  BOOST_TEST(head.body == "[]");  // for its length
}

BOOST_AUTO_TEST_CASE(a_problem_carries_the_request_s_id) {
  Request request = make_request("GET", "/nothing");
  request.request_id = "0123456789abcdef";
  BOOST_TEST(send(request).body.find(R"("request_id":"0123456789abcdef")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_exception_becomes_a_problem_that_names_nothing) {
  store.exception = "SELECT secret FROM tasks";
  const Response response = send_as("alice", "GET", "/api/tasks");
  BOOST_TEST(response.body ==
             R"({"detail":"Internal server error","message":"Internal server error","status_code":500,)"
             R"("error_type":"internal_server_error","request_id":"test-request"})");
  BOOST_TEST(response.headers.empty());
  BOOST_TEST(read(own.requests_in_flight) == 0U);
  BOOST_TEST(responses(Endpoint::list_tasks, 5) == 1U);
  store.exception.clear();
  BOOST_TEST(send_as("alice", "GET", "/api/tasks").status == 200);
}

BOOST_AUTO_TEST_CASE(past_its_bound_a_request_is_refused_at_once) {
  store.gate =
      std::make_unique<boost::asio::steady_timer>(loop, boost::asio::steady_timer::time_point::max());
  std::vector<std::optional<Response>> waiting(kInFlightMax);
  for (auto& answer : waiting) {
    Request request = make_request("GET", "/api/tasks");
    request.authorization = keep("Bearer " + token_of("alice"));
    begin(loop, api.handle(std::move(request)), answer);
  }
  BOOST_TEST(run_until(loop, [&] { return store.calls.size() == kInFlightMax; }));
  BOOST_TEST(read(own.requests_in_flight) == kInFlightMax);

  const Response refused = send_as("alice", "GET", "/api/tasks");
  BOOST_TEST(kind_of(refused) == "service_unavailable");
  BOOST_TEST(header_of(refused, "Retry-After") == "1");
  BOOST_TEST(read(own.overload_rejections) == 1U);
  BOOST_TEST(store.calls.size() == kInFlightMax);
  BOOST_TEST(send("GET", "/healthz").status == 200);  // operators get through
  BOOST_TEST(send("GET", "/metrics").status == 200);

  store.gate->cancel();
  BOOST_TEST(
      run_until(loop, [&] { return std::ranges::all_of(waiting, [](auto& a) { return a.has_value(); }); }));
  for (const auto& answer : waiting) BOOST_TEST(answer->status == 200);
  BOOST_TEST(read(own.requests_in_flight) == 0U);
  store.gate.reset();
  BOOST_TEST(send_as("alice", "GET", "/api/tasks").status == 200);
}

BOOST_AUTO_TEST_CASE(a_list_that_goes_on_is_in_flight_and_uncounted_until_it_is_written) {
  fill(200);
  const Response list = begin_list("GET");
  BOOST_REQUIRE(list.more);
  BOOST_TEST(read(own.requests_in_flight) == 1U);
  BOOST_TEST(responses(Endpoint::list_tasks, 2) == 0U);
  BOOST_TEST(whole_body(loop, list).ends_with("]"));
  api.written(list);
  BOOST_TEST(read(own.requests_in_flight) == 0U);
  BOOST_TEST(responses(Endpoint::list_tasks, 2) == 1U);
}

BOOST_AUTO_TEST_CASE(a_list_that_breaks_off_counts_as_what_broke_it) {
  fill(200);
  const Response list = begin_list("GET");
  const Error gone{.type = ErrorType::service_unavailable, .detail = "gone"};
  api.written(list, &gone);
  BOOST_TEST(read(own.requests_in_flight) == 0U);
  BOOST_TEST(responses(Endpoint::list_tasks, 2) == 0U);
  BOOST_TEST(responses(Endpoint::list_tasks, 5) == 1U);
}

BOOST_AUTO_TEST_CASE(head_of_a_long_list_reads_one_page) {
  fill(1'000);
  const Response list = begin_list("HEAD");
  BOOST_TEST(list.head);
  BOOST_TEST(store.calls == (std::vector<std::string>{"list"}));
  api.written(list);
  BOOST_TEST(read(own.requests_in_flight) == 0U);
  BOOST_TEST(responses(Endpoint::list_tasks, 2) == 1U);
}

BOOST_AUTO_TEST_CASE(a_bad_token_costs_no_database_work) {
  Request request = make_request("GET", "/api/tasks");
  request.authorization = keep("Bearer " + token_of("alice") + "x");
  BOOST_TEST(kind_of(send(request)) == "authentication_error");
  BOOST_TEST(store.calls.empty());
  BOOST_TEST(read(own.authentication_failures[static_cast<std::size_t>(TokenFault::bad_signature)]) == 1U);
}

BOOST_AUTO_TEST_CASE(counts_every_response_by_endpoint_and_class) {
  send("GET", "/api/nothing");
  send("GET", "/api/tasks");
  send_as("alice", "GET", "/api/tasks");
  send_as("alice", "GET", "/api/tasks");
  send_as("alice", with_body("POST", "/api/tasks", R"({"title":"t"})"));
  BOOST_TEST(responses(Endpoint::unknown, 4) == 1U);
  BOOST_TEST(responses(Endpoint::list_tasks, 4) == 1U);
  BOOST_TEST(responses(Endpoint::list_tasks, 2) == 2U);
  BOOST_TEST(responses(Endpoint::create_task, 2) == 1U);
  std::uint64_t timed = 0;
  for (const auto& buckets : own.latency) {
    for (const Counter& bucket : buckets) timed += read(bucket);
  }
  BOOST_TEST(timed == 5U);
}

BOOST_AUTO_TEST_CASE(counts_a_slow_request_in_the_last_bucket) {
  Request request = make_request("GET", "/healthz");
  request.received -= std::chrono::seconds(7);
  send(request);
  const auto healthz = static_cast<std::size_t>(Endpoint::healthz);
  BOOST_TEST(read(own.latency[healthz].back()) == 1U);
  BOOST_TEST(read(own.latency_sum_microseconds[healthz]) >= 7'000'000U);
  BOOST_TEST(read(own.latency_sum_microseconds[healthz]) < 7'000'000'000U);  // not in nanoseconds
  BOOST_TEST(read(own.slow_requests) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
