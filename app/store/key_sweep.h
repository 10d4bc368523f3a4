#pragma once
// Deletes idempotency keys whose time is over: every worker at its own pace, a bounded number in one
// statement, one worker at a time (the statement sees to that). A failure is left to the next time.
//
// Only where a statement has run since: an idle worker does not keep a database awake that suspends itself.

#include <chrono>
#include <cstdint>

#include "base/awaitable.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "postgres/connection_pool.h"

namespace tasklane {

class KeySweep {
 public:
  KeySweep(ConnectionPool& pool, WorkerMetrics& metrics,
           std::chrono::milliseconds interval = limits::kKeySweepInterval)
      : pool_(pool), metrics_(metrics), interval_(interval) {}

  // Until the loop ends.
  boost::asio::awaitable<void> run();

  // Deletes all that have expired. How many there were.
  boost::asio::awaitable<Result<std::int64_t>> sweep();

 private:
  ConnectionPool& pool_;
  WorkerMetrics& metrics_;
  std::chrono::milliseconds interval_;
};

}  // namespace tasklane
