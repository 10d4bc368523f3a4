#pragma once
// One kept FastCGI connection and the requests that follow each other on it. Never waits: the loop watches
// the descriptor, read() takes what is there, and answers are written straight from where their text is, as
// much as the kernel takes.
//
// Every request's body is read to its end before anything is answered, or the connection is closed: bytes
// left on it would be parsed as the next request's records (request smuggling).

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/descriptors.h"
#include "http/message.h"

namespace tasklane {

class Exchange {
 public:
  // `by_tcp` is what its requests say of themselves.
  explicit Exchange(Descriptor connection, bool by_tcp = false);
  ~Exchange();

  enum class Reading {
    idle,    // no request has begun
    partly,  // one has; more of it has to come
    whole,   // take it with request()
    over,    // the connection is closed: by the peer, or because it broke the protocol or passed a bound
  };
  // At most limits::kReadAtOnceMaxBytes. What a peer gets that is no answer (FCGI_GET_VALUES_RESULT, a
  // refused second request) is sent at once; a peer that does not take it is closed.
  Reading read();
  // Whether read() has left bytes behind that no further event will report.
  bool left_unread() const;
  // Memory that a request takes that is not whole yet.
  std::size_t held_bytes() const;

  // Once, when read() has said `whole`. Its views last until the answer is written.
  Request request();

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

 private:
  struct State;
  Reading close();

  std::unique_ptr<State> state_;
};

}  // namespace tasklane
