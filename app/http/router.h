#pragma once
// From method and target to an endpoint: a pure function over the contract's table of paths.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/endpoint.h"
#include "http/message.h"

namespace tasklane {

struct Route {
  Endpoint endpoint;
  std::int64_t task_id = 0;                   // 0: not a valid id, answered as a missing task
  std::optional<std::string> path_user = {};  // the {user_id} of /api/{user_id}/tasks, percent-decoded
  std::string_view query = {};                // raw, of the request's target
  bool head = false;
};

// not_found_error for an unknown path, method_not_allowed (with `allow`) for a known one.
Result<Route> find_route(const Request& request);

// RFC 3986 section 2.1; empty when an escape is broken. '+' stays as it is.
std::optional<std::string> percent_decode(std::string_view text);

// The decoded value of the last `name=` in a query ('+' is a space, as in HTML forms); empty: not there.
// A broken escape is kept as sent.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace tasklane
