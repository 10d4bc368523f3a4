#pragma once
// One kept FastCGI connection and the requests that follow each other on it. The only file that sees libfcgi,
// which parses the requests: the loop watches the descriptor and calls read() when bytes are there. Answers
// are written past it, each from where its text is, and as much of it as the kernel takes.
//
// Every request's body is read to its end before anything is answered, or the connection is closed: bytes
// left on it would be parsed as the next request's records (request smuggling). Signals must be blocked in
// the process: libfcgi takes an interrupted read for the end of a body.

#include <cstddef>
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

  enum class Progress {
    done,    // the kernel has all that was given; behind an answer's end, the next request may come
    partly,  // it takes no more now: write_on() once it does; the texts have to last until then
    over,    // the connection is closed: the peer asked for that, or is gone
  };
  // None of these waits. write() answers the request that read() returned, or begins to where a body goes on
  // (Response::more); write_piece() sends the next piece of the body, an empty one ends the answer.
  Progress write(const Response& response);
  Progress write_piece(std::string_view piece);
  Progress write_on();
  // As write_on(), but waits until the kernel has taken all; past limits::kFastcgiIoTimeout the connection is
  // over.
  Progress write_out();

 private:
  struct State;
  bool read_body(std::string_view length, Request& request);
  Progress write_some(int flags);

  std::unique_ptr<State> state_;
};

}  // namespace tasklane
