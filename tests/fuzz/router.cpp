// Query and path: the first line is the method, the rest the request's target.

#include "http/router.h"
#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view target = fuzz::text_of(data, size);
  Request request{};
  request.method = take_until(target, '\n');
  request.target = target;

  if (const auto route = find_route(request)) {
    require(route->endpoint != Endpoint::unknown, "a route leads somewhere");
    require(route->task_id >= 0, "an id is positive or none");
    require(!route->path_user || (!route->path_user->empty() && *route->path_user != "auth"),
            "auth is no user");
    require(route->head == (request.method == "HEAD"), "HEAD goes where GET does");
    for (const char* name : {"status", "completed", ""}) (void)query_parameter(route->query, name);
  } else {
    const bool known = route.error().type == ErrorType::method_not_allowed;
    require(known || route.error().type == ErrorType::not_found_error,
            "a path is unknown or has other methods");
    require(known != route.error().allow.empty(), "405 says what is allowed");
  }
  require(percent_decode(percent_encode(target)) == target, "bytes come back from percent-encoding");
  const auto value = query_parameter("a=1&x=" + percent_encode(target) + "&b", "x");
  require(value == target, "a parameter comes back from a query");
  const std::string_view trace = trace_id_of(target);
  require(trace.empty() || (trace.size() == 32 && fuzz::is_printable(trace)), "a trace id has 32 digits");
  return 0;
}
