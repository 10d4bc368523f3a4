#pragma once
// A request as nginx passed it on and a response on its way back: plain values, free of FastCGI.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/awaitable.h"
#include "base/result.h"
#include "base/trace.h"
#include "http/entity_tag.h"

namespace tasklane {

// Only the headers that the API reads; nginx passes no others. The views last until the request is answered.
struct Request {
  std::string_view method;           // as sent: GET, POST, …
  std::string_view target;           // raw request target: path and query, RFC 9112 section 3.2.1
  std::string_view authorization;    // empty: not sent
  std::string_view content_type;     // empty: not sent
  std::string_view content_encoding;  // empty: not sent
  std::optional<std::string_view> idempotency_key;
  std::optional<std::string_view> if_match;
  std::string_view if_none_match;    // empty: not sent
  std::string_view request_id;       // nginx's own, or a trusted proxy's; never the client's
  std::string_view traceparent;      // W3C Trace Context; empty: not sent
  std::string body = {};             // whole; at most limits::kRequestBodyMaxBytes unless body_too_large
  bool readiness_details = false;    // nginx asks on the operators' listener
  bool by_tcp = false;               // from another host's nginx: operators' paths are not answered
  bool body_too_large = false;       // the body was read to its end and thrown away
  std::chrono::steady_clock::time_point received;  // its first bytes
  std::chrono::steady_clock::time_point read;      // its last
  TracePtr trace = nullptr;                        // set by Api
};

// The outcomes that are no problem. http/problem.cpp knows their numbers.
enum class Success { ok, created, no_content, not_modified };

// The rest of a body that is made while it is sent. It outlives the request.
class BodyPieces {
 public:
  virtual ~BodyPieces() = default;
  // The next piece; empty: the body has ended. After an error the body is never whole.
  virtual boost::asio::awaitable<Result<std::string>> next() = 0;
};

struct Response {
  int status = 0;  // set by http/problem.cpp only
  std::string_view content_type = "application/json";
  EntityTag etag = {};
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // besides Content-Type, -Length, ETag
  std::string body = {};
  std::unique_ptr<BodyPieces> more = nullptr;  // what follows `body`; its length is not told then
  bool head = false;                           // answer to HEAD: the body's length is told, the body not sent
  TracePtr trace = nullptr;                    // of the request, for what follows its sending
};

}  // namespace tasklane
