#pragma once
// The one place that knows HTTP status numbers: every Error and every success becomes a response here.
// The problem's shape is the contract's (`Problem` in docs/openapi.yaml): detail, message, status_code,
// error_type, request_id, errors for validation, and database for readiness.

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace tasklane {

Response problem(const Error& error, std::string_view request_id);

Response success(Success outcome, std::string body);

// RFC 9110, section 15.4.5. `tag` is what the answer would have had.
Response not_modified(EntityTag tag);

// The wire spelling of an error type (several ErrorTypes may share a status, never a spelling).
std::string_view spelling(ErrorType type);

// RFC 9110 section 15; also the published mapping in docs/ERRORS.md.
int status_number(ErrorType type);

// Every status that a worker answers with, in rising order.
std::span<const int> known_statuses();
// A status' place there.
std::size_t status_index(int status);

}  // namespace tasklane
