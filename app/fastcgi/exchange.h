#pragma once
// One kept FastCGI connection and the requests that follow each other on it. The only file that sees libfcgi,
// which parses the requests: the loop watches the descriptor and calls read() when bytes are there. Answers
// are written past it, each from where its text is.
//
// Every request's body is read to its end before anything is answered, or the connection is closed: bytes
// left on it would be parsed as the next request's records (request smuggling). Signals must be blocked in
// the process: libfcgi takes an interrupted read for the end of a body.

#include <memory>
#include <optional>
#include <string_view>

#include "base/descriptors.h"
#include "http/message.h"

namespace tasklane {

class Exchange {
 public:
  // Once per process, before the first Exchange and before the process sets its own signal handlers, which
  // libfcgi's would replace.
  static void set_up_library();

  explicit Exchange(Descriptor connection);
  ~Exchange();

  // One whole request, whose views last until write(). Empty: the peer closed the connection, broke the
  // protocol, sent fewer or more body bytes than it announced, or was slower than limits::kFastcgiIoTimeout;
  // the connection is closed then.
  std::optional<Request> read();

  // Answers the request that read() returned. False: the connection is over (the peer asked for that, or is
  // gone).
  bool write(const Response& response);

 private:
  struct State;
  bool read_body(std::string_view length, Request& request);

  std::unique_ptr<State> state_;
};

}  // namespace tasklane
