#pragma once
// How a failure travels: Result<T> is a value or an Error. Error says what went wrong in the contract's
// words (error_type) and in a sentence for the client; http/problem.cpp alone turns it into a status.
// Nothing in an Error is secret: its `detail` reaches the client.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/database_state.h"

namespace tasklane {

// Spelled as on the wire (docs/openapi.yaml, `error_type`).
enum class ErrorType {
  validation_error,
  authentication_error,
  authorization_error,
  account_blocked,  // by an operator
  not_found_error,
  method_not_allowed,
  conflict,             // the idempotency key belongs to another request
  precondition_failed,  // the task's version is none of If-Match's
  payload_too_large,
  unsupported_media_type,
  rate_limited,
  internal_server_error,
  service_unavailable,  // nothing was sent to the database: safe to repeat
  outcome_unknown,      // a write was sent and its reply never came
  read_only,            // an operator has turned writes off
};

// One entry of a validation problem's `errors`: where ("body", "title"), what, and a stable word for it.
struct FieldError {
  std::vector<std::string> loc;
  std::string msg;
  std::string type;
};

struct Error {
  ErrorType type;
  std::string detail;
  std::vector<FieldError> errors = {};  // validation_error only
  bool token_sent = false;              // authentication_error only: RFC 6750 section 3.1, invalid_token
  std::string allow = {};               // method_not_allowed only: the Allow header, RFC 9110 section 10.2.1
  std::int64_t version = 0;             // precondition_failed only: the task's, for the ETag header
  std::shared_ptr<const DatabaseState> database = nullptr;  // service_unavailable of /readyz only
  std::string why = {};  // for the log and the operator; never sent: roles and tables may stand in it
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorType type, std::string detail) {
  return std::unexpected(Error{.type = type, .detail = std::move(detail)});
}

}  // namespace tasklane
