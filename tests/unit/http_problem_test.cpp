// Errors and successes as responses: the contract's shape, numbers and headers.

#include <array>
#include <boost/test/unit_test.hpp>
#include <set>

#include "http/problem.h"
#include "requests.h"

using namespace tasklane;

namespace {

struct Published {
  ErrorType type;
  int status;
  std::string_view spelling;
};

// The contract's table.
constexpr std::array<Published, 15> kTable = {
    {{ErrorType::validation_error, 400, "validation_error"},
     {ErrorType::authentication_error, 401, "authentication_error"},
     {ErrorType::authorization_error, 403, "authorization_error"},
     {ErrorType::account_blocked, 403, "account_blocked"},
     {ErrorType::not_found_error, 404, "not_found_error"},
     {ErrorType::method_not_allowed, 405, "method_not_allowed"},
     {ErrorType::conflict, 409, "conflict"},
     {ErrorType::precondition_failed, 412, "precondition_failed"},
     {ErrorType::payload_too_large, 413, "payload_too_large"},
     {ErrorType::unsupported_media_type, 415, "unsupported_media_type"},
     {ErrorType::rate_limited, 429, "rate_limited"},
     {ErrorType::internal_server_error, 500, "internal_server_error"},
     {ErrorType::service_unavailable, 503, "service_unavailable"},
     {ErrorType::outcome_unknown, 503, "outcome_unknown"},
     {ErrorType::read_only, 503, "read_only"}}};

Response problem_of(ErrorType type) {
  return problem(Error{.type = type, .detail = "It is so"}, "r1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(problems)

BOOST_AUTO_TEST_CASE(every_error_type_has_its_status_and_a_spelling_of_its_own) {
  std::set<std::string_view> spellings;
  for (const Published& row : kTable) {
    BOOST_TEST(status_number(row.type) == row.status, row.spelling);
    BOOST_TEST(spelling(row.type) == row.spelling);
    spellings.insert(spelling(row.type));
    BOOST_TEST(problem_of(row.type).status == row.status);
  }
  BOOST_TEST(spellings.size() == kTable.size());
  // The table is whole: read_only is the last of the enumeration.
  BOOST_TEST(static_cast<std::size_t>(ErrorType::read_only) + 1 == kTable.size());
}

BOOST_AUTO_TEST_CASE(tells_of_the_attempts_to_connect_in_fixed_words) {
  const auto body_of = [](DatabaseState state) {
    return problem(Error{.type = ErrorType::service_unavailable,
                         .detail = "It is so",
                         .database = std::make_shared<DatabaseState>(state)},
                   "r1")
        .body;
  };
  using std::chrono::milliseconds;
  BOOST_TEST(body_of({.connecting = true, .since = milliseconds(3400), .last_failure = {}})
                 .ends_with(R"("request_id":"r1","database":{"status":"connecting","since_ms":3400}})"));
  BOOST_TEST(
      body_of({.connecting = false, .since = milliseconds(7), .last_failure = ConnectFailure::unprepared})
          .ends_with(R"("database":{"status":"down","since_ms":7,"last_failure":"unprepared"}})"));
  BOOST_TEST(spelling(ConnectFailure::look_up_failed) == "look_up_failed");
  BOOST_TEST(spelling(ConnectFailure::timed_out) == "timed_out");
}

BOOST_AUTO_TEST_CASE(has_the_contract_s_keys_in_order) {
  const Response response = problem_of(ErrorType::not_found_error);
  BOOST_TEST(response.body == R"({"detail":"It is so","message":"It is so","status_code":404,)"
                              R"("error_type":"not_found_error","request_id":"r1"})");
  BOOST_TEST(response.content_type == "application/json");
}

BOOST_AUTO_TEST_CASE(lists_the_fields_at_fault) {
  Error error{.type = ErrorType::validation_error, .detail = "Two \"things\""};
  error.errors.push_back({.loc = {"body", "title"}, .msg = "Title is required", .type = "missing"});
  error.errors.push_back({.loc = {"query", "status"}, .msg = "Bad", .type = "enum"});
  BOOST_TEST(problem(error, "r2").body ==
             R"({"detail":"Two \"things\"","message":"Two \"things\"","status_code":400,)"
             R"("error_type":"validation_error","request_id":"r2","errors":[)"
             R"({"loc":["body","title"],"msg":"Title is required","type":"missing"},)"
             R"({"loc":["query","status"],"msg":"Bad","type":"enum"}]})");
}

BOOST_AUTO_TEST_CASE(tells_a_client_without_a_token_from_one_with_a_bad_token) {
  Error error{.type = ErrorType::authentication_error, .detail = "No"};
  BOOST_TEST(header_of(problem(error, ""), "WWW-Authenticate") == R"(Bearer realm="tasklane")");
  error.token_sent = true;
  BOOST_TEST(header_of(problem(error, ""), "WWW-Authenticate") ==
             R"(Bearer realm="tasklane", error="invalid_token")");
}

BOOST_AUTO_TEST_CASE(names_the_allowed_methods) {
  const Error error{.type = ErrorType::method_not_allowed, .detail = "No", .allow = "GET, HEAD"};
  BOOST_TEST(header_of(problem(error, ""), "Allow") == "GET, HEAD");
}

BOOST_AUTO_TEST_CASE(tells_when_to_come_back) {
  BOOST_TEST(header_of(problem_of(ErrorType::service_unavailable), "Retry-After") == "1");
  BOOST_TEST(header_of(problem_of(ErrorType::outcome_unknown), "Retry-After") == "1");
  BOOST_TEST(header_of(problem_of(ErrorType::rate_limited), "Retry-After") == "1");
}

BOOST_AUTO_TEST_CASE(sends_no_header_that_its_error_does_not_owe) {
  for (const Published& row : kTable) {
    const std::size_t owed = row.status == 401 || row.status == 405 || row.status == 429 || row.status == 503;
    BOOST_TEST(problem_of(row.type).headers.size() == owed, row.spelling);
  }
}

BOOST_AUTO_TEST_CASE(successes_have_their_numbers) {
  BOOST_TEST(success(Success::ok, "[]").status == 200);
  BOOST_TEST(success(Success::ok, "[]").body == "[]");
  BOOST_TEST(success(Success::ok, "[]").content_type == "application/json");
  BOOST_TEST(success(Success::created, "{}").status == 201);
  const Response empty = success(Success::no_content, "ignored");
  BOOST_TEST(empty.status == 204);
  BOOST_TEST(empty.body == "");
  BOOST_TEST(empty.content_type == "");
}

BOOST_AUTO_TEST_SUITE_END()
