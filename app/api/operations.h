#pragma once
// The endpoints for operators: liveness, readiness, metrics and status. The last two, and readiness in
// detail, are on a listener of nginx's that is not public.

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "auth/authenticator.h"
#include "base/awaitable.h"
#include "base/listen_queue.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/state_files.h"
#include "http/message.h"

namespace tasklane {

class Operations {
 public:
  // `database` completes with success when the database answers a statement now; with an error that tells of
  // the attempts to connect (Error::database) when no connection is up.
  using Probe = std::function<boost::asio::awaitable<Result<void>>(TracePtr trace)>;

  // `listener` is the listening socket's inode, which the kernel tells the queue of; 0: not known. While
  // there is a file `read_only`, writes are turned off; empty: never.
  Operations(const MetricsLayout& metrics, Probe database, ino_t listener = 0, std::string read_only = {})
      : metrics_(metrics),
        database_(std::move(database)),
        listener_(listener),
        read_only_(std::move(read_only)) {}

  // Looked up at each write: it counts at once, in every worker.
  bool read_only() const { return !read_only_.empty() && is_there(read_only_); }

  Result<Response> health() const;  // a worker answers
  // And so does the database, and some token can be verified, and the host is not draining. Anyone may ask,
  // so details are on demand.
  boost::asio::awaitable<Result<Response>> readiness(Authenticator& authenticator, TracePtr trace,
                                                     bool details) const;
  Result<Response> metrics() const;  // Prometheus text format 0.0.4
  Result<Response> status() const;   // the same for people, as JSON

 private:
  std::optional<ListenQueue> queue() const;

  const MetricsLayout& metrics_;
  Probe database_;
  ino_t listener_;
  std::string read_only_;
};

}  // namespace tasklane
