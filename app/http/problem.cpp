#include "http/problem.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/json_writer.h"

namespace tasklane {

namespace {

// Past capacity and outages are short by design; a client that waits this long rarely meets the same one.
// Rates are per second: after one a user has at least one request.
constexpr char kRetryAfterSeconds[] = "1";
// An operator's work takes minutes.
constexpr char kRetryAfterReadOnlySeconds[] = "60";

constexpr std::array kStatuses = {200, 201, 204, 304, 400, 401, 403, 404,
                                  405, 409, 412, 413, 415, 429, 500, 503};

void write_errors(JsonWriter& json, const std::vector<FieldError>& errors) {
  json.key("errors");
  json.begin_array();
  for (const FieldError& error : errors) {
    json.begin_object();
    json.key("loc");
    json.begin_array();
    for (const auto& part : error.loc) json.string(part);
    json.end_array();
    json.member("msg", error.msg);
    json.member("type", error.type);
    json.end_object();
  }
  json.end_array();
}

void write_database(JsonWriter& json, const DatabaseState& database) {
  json.key("database");
  json.begin_object();
  json.member("status", database.connecting ? "connecting" : "down");
  json.member("since_ms", database.since.count());
  if (database.last_failure) json.member("last_failure", spelling(*database.last_failure));
  json.end_object();
}

// The headers that a problem owes besides its body.
void add_headers(Response& response, const Error& error) {
  switch (error.type) {
    case ErrorType::authentication_error:
      response.headers.emplace_back("WWW-Authenticate",
                                    error.token_sent ? R"(Bearer realm="tasklane", error="invalid_token")"
                                                     : R"(Bearer realm="tasklane")");
      break;
    case ErrorType::method_not_allowed:
      response.headers.emplace_back("Allow", error.allow);
      break;
    case ErrorType::precondition_failed:
      response.etag = EntityTag::of_version(error.version);
      break;
    case ErrorType::rate_limited:
    case ErrorType::service_unavailable:
    case ErrorType::outcome_unknown:
      response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
      break;
    case ErrorType::read_only:
      response.headers.emplace_back("Retry-After", kRetryAfterReadOnlySeconds);
      break;
    case ErrorType::validation_error:
    case ErrorType::authorization_error:
    case ErrorType::account_blocked:
    case ErrorType::not_found_error:
    case ErrorType::conflict:
    case ErrorType::payload_too_large:
    case ErrorType::unsupported_media_type:
    case ErrorType::internal_server_error:
      break;
  }
}

}  // namespace

std::string_view spelling(ErrorType type) {
  switch (type) {
    case ErrorType::validation_error:
      return "validation_error";
    case ErrorType::authentication_error:
      return "authentication_error";
    case ErrorType::authorization_error:
      return "authorization_error";
    case ErrorType::account_blocked:
      return "account_blocked";
    case ErrorType::not_found_error:
      return "not_found_error";
    case ErrorType::method_not_allowed:
      return "method_not_allowed";
    case ErrorType::conflict:
      return "conflict";
    case ErrorType::precondition_failed:
      return "precondition_failed";
    case ErrorType::payload_too_large:
      return "payload_too_large";
    case ErrorType::unsupported_media_type:
      return "unsupported_media_type";
    case ErrorType::rate_limited:
      return "rate_limited";
    case ErrorType::internal_server_error:
      return "internal_server_error";
    case ErrorType::service_unavailable:
      return "service_unavailable";
    case ErrorType::outcome_unknown:
      return "outcome_unknown";
    case ErrorType::read_only:
      return "read_only";
  }
  std::unreachable();
}

int status_number(ErrorType type) {
  switch (type) {
    case ErrorType::validation_error:
      return 400;
    case ErrorType::authentication_error:
      return 401;
    case ErrorType::authorization_error:
      return 403;
    case ErrorType::account_blocked:
      return 403;
    case ErrorType::not_found_error:
      return 404;
    case ErrorType::method_not_allowed:
      return 405;
    case ErrorType::conflict:
      return 409;
    case ErrorType::precondition_failed:
      return 412;
    case ErrorType::payload_too_large:
      return 413;
    case ErrorType::unsupported_media_type:
      return 415;
    case ErrorType::rate_limited:
      return 429;
    case ErrorType::internal_server_error:
      return 500;
    case ErrorType::service_unavailable:
      return 503;
    case ErrorType::outcome_unknown:
      return 503;
    case ErrorType::read_only:
      return 503;
  }
  std::unreachable();
}

std::span<const int> known_statuses() {
  return kStatuses;
}

std::size_t status_index(int status) {
  return static_cast<std::size_t>(std::ranges::lower_bound(kStatuses, status) - kStatuses.begin());
}

Response problem(const Error& error, std::string_view request_id) {
  const int status = status_number(error.type);
  JsonWriter json;
  json.begin_object();
  json.member("detail", error.detail);
  json.member("message", error.detail);
  json.member("status_code", status);
  json.member("error_type", spelling(error.type));
  json.member("request_id", request_id);
  if (!error.errors.empty()) write_errors(json, error.errors);
  if (error.database) write_database(json, *error.database);
  json.end_object();

  Response response{.status = status, .body = json.take()};
  add_headers(response, error);
  return response;
}

Response success(Success outcome, std::string body) {
  switch (outcome) {
    case Success::ok:
      return {.status = 200, .body = std::move(body)};
    case Success::created:
      return {.status = 201, .body = std::move(body)};
    case Success::no_content:
      return {.status = 204, .content_type = {}};
    case Success::not_modified:
      return {.status = 304, .content_type = {}};
  }
  std::unreachable();
}

Response not_modified(EntityTag tag) {
  Response response = success(Success::not_modified, {});
  response.etag = tag;
  return response;
}

}  // namespace tasklane
