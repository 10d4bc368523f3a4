#pragma once
// The one place that knows HTTP status numbers: every Error and every success becomes a response here.
// The problem's shape is the contract's (docs/errors.schema.json): detail, message, status_code, error_type,
// request_id, and errors for validation.

#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace tasklane {

Response problem(const Error& error, std::string_view request_id);

Response success(Success outcome, std::string body);

// The wire spelling of an error type (several ErrorTypes may share a status, never a spelling).
std::string_view spelling(ErrorType type);

// RFC 9110 section 15; also the published mapping in docs/ERRORS.md.
int status_number(ErrorType type);

}  // namespace tasklane
