#pragma once
// A worker's end of the socket to its master (base/worker_words.h). Never blocks.

#include "base/awaitable.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/descriptors.h"

namespace tasklane {

// For a process that cannot get ready: the reason, for the master to pass on. Nothing secret. Does nothing
// without a master.
void tell_failure(std::string_view why);

class MasterChannel {
 public:
  // What a worker lacks when it is ready. Nothing secret: the master passes the reason on.
  struct Lack {
    std::string_view word = {};  // words::kUnreachable, words::kUnfit; empty: it lacks nothing
    std::string why = {};
  };

  MasterChannel(boost::asio::io_context& loop, Descriptor fd);

  // From now on `hear` gets each of the master's words. After the master's end there are none; its death
  // comes as SIGTERM.
  void listen(std::function<void(std::string_view word)> hear);
  void say(std::string_view word, std::string_view why = {});
  void say_ready(const Lack& lack);

 private:
  void wait();

  boost::asio::posix::stream_descriptor socket_;
  std::function<void(std::string_view word)> hear_;
};

}  // namespace tasklane
