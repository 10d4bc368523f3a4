#pragma once
// What a request is called in the logs, and when it passed which point on its way. Shared by all that work
// for the request; a statement may outlive the request that gave it up. Belongs to one event loop.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/endpoint.h"

namespace tasklane {

struct Trace {
  using Time = std::chrono::steady_clock::time_point;

  std::string request_id = {};  // nginx's own
  std::string trace_id = {};    // of a valid traceparent: 32 hexadecimal digits; empty: none was sent
  Endpoint endpoint = Endpoint::unknown;
  std::string_view method = {};  // one of kMethods

  // The clock's zero: not reached.
  Time received = {};       // the first bytes are there
  Time read = {};           // and the last
  Time authenticated = {};  // accepted or refused
  Time submitted = {};      // the first statement waits for a connection
  Time sent = {};           // it is on its way to the database
  Time completed = {};      // the last answer is committed and here
};

using TracePtr = std::shared_ptr<Trace>;  // null: not a request's work

// Where a request's time went. The parts add up to the whole.
struct Phases {
  std::chrono::microseconds parse;          // reading the request, and from the token to the first statement
  std::chrono::microseconds auth;           // routing and the token, keys that had to be looked up included
  std::chrono::microseconds database_wait;  // in the queue for a connection
  std::chrono::microseconds database;       // from sending to the answer, repeated attempts included
  std::chrono::microseconds write;          // making the answer and handing it to nginx
};
Phases phases(const Trace& trace, Trace::Time written);

// The trace id of a traceparent header (W3C Trace Context, section 3.2); empty when the header is not valid.
std::string_view trace_id_of(std::string_view traceparent);

}  // namespace tasklane
