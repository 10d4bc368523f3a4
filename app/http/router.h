#pragma once
// From method and target to an endpoint: a pure function over the contract's table of paths.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/endpoint.h"
#include "http/message.h"

namespace tasklane {

struct Route {
  Endpoint endpoint;
  std::int64_t task_id = 0;                   // 0: not a valid id, answered as a missing task
  std::optional<std::string> path_user = {};  // the {user_id} of /api/{user_id}/tasks, percent-decoded
  std::string_view path = {};                 // raw, as the request's target begins
  std::string_view query = {};                // raw, what follows its question mark
  bool head = false;
};

// not_found_error for an unknown path, method_not_allowed (with `allow`) for a known one.
Result<Route> find_route(const Request& request);

// RFC 3986 section 2.1; empty when an escape is broken. '+' stays as it is.
std::optional<std::string> percent_decode(std::string_view text);

// The decoded value of the last `name=` in a query ('+' is a space, as in HTML forms); empty: not there.
// A broken escape is kept as sent.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

// All of a query's names and values, decoded likewise, in their order.
std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view query);

// As the value of a parameter (RFC 3986 section 2.3: unreserved characters as they are, all others escaped).
std::string percent_encode(std::string_view text);

// A path as it was sent, where it may stand in a header: what no URI has is escaped.
std::string path_as_uri(std::string_view path);

}  // namespace tasklane
