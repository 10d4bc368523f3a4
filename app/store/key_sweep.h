#pragma once
// Deletes idempotency keys whose time is over. There is no timer: when a sweep is due, it goes along with a
// user's statement, which does not wait for it. A bounded number at a time; what is left goes with the
// statements that follow. A failure is left to the next time.

#include <chrono>
#include <random>
#include <string>

#include "base/limits.h"
#include "base/metrics.h"
#include "postgres/connection_pool.h"

namespace tasklane {

class KeySweep {
 public:
  // Every worker has its own pace, around `interval`, so that they take turns. While there is a file
  // `read_only`, nothing is deleted.
  KeySweep(ConnectionPool& pool, WorkerMetrics& metrics, Clock::duration interval = limits::kKeySweepInterval,
           std::string read_only = {});

  // A user's statement is about to be submitted, of a request that was read then.
  void go_along(Clock::time_point now) {
    if (!under_way_ && now >= due_) sweep();
  }

 private:
  void sweep();
  void take(const Result<Rows>& deleted);
  void pause();

  ConnectionPool& pool_;
  WorkerMetrics& metrics_;
  std::string read_only_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_int_distribution<Clock::rep> pauses_;
  Clock::time_point due_;
  bool under_way_ = false;
};

}  // namespace tasklane
