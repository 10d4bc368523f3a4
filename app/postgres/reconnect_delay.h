#pragma once
// How long to wait before the next attempt to connect: doubled after each failure up to a cap, with jitter,
// so that the connections of all workers do not come back in step.

#include <algorithm>
#include <chrono>
#include <random>

#include "base/limits.h"

namespace tasklane {

class ReconnectDelay {
 public:
  explicit ReconnectDelay(unsigned seed = std::random_device{}()) : random_(seed) {}

  std::chrono::milliseconds next() {
    const auto delay = base_;
    base_ = std::min(base_ * 2, limits::kReconnectDelayMax);
    std::uniform_int_distribution<std::chrono::milliseconds::rep> jitter(delay.count() / 2, delay.count());
    return std::chrono::milliseconds(jitter(random_));
  }
  void reset() { base_ = limits::kReconnectDelayMin; }

 private:
  std::chrono::milliseconds base_ = limits::kReconnectDelayMin;
  std::minstd_rand random_;
};

}  // namespace tasklane
