#pragma once
// What all users together have seen, and the figures made of it. Times are of the monotonic clock.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace load {

using Clock = std::chrono::steady_clock;

struct Report {
  struct Failure {
    Clock::time_point begun, ended;
    std::string kind;  // "POST 503 outcome_unknown"
  };

  std::uint64_t requests = 0;
  std::map<int, std::uint64_t> failures = {};  // by status; 0: the connection broke
  std::uint64_t failures_out_of_shape = 0;     // not JSON, or without the CORS header
  std::vector<Failure> failed = {};
  std::vector<std::uint32_t> latencies_us = {};  // of answers that are no failures
  std::array<std::vector<std::uint32_t>, 2> latencies_by_phase =
      {};                              // the same, outside and inside the faults
  bool fault = false;                  // the phase now
  Clock::time_point answered_at = {};  // the last time that one succeeded
  Clock::duration longest_gap = {};    // between two that did

  // Writes, by what their client was told; each try of one with an Idempotency-Key counts.
  std::uint64_t acknowledged_writes = 0;
  std::uint64_t failed_writes = 0;   // nothing was changed
  std::uint64_t unknown_writes = 0;  // it may have been
  std::uint64_t settled = 0;         // unknown at first, and known after a retry with the same key
  std::uint64_t replayed = 0;        // of all answers: the first one, once more

  // What must never be.
  std::uint64_t wrong = 0;        // answers that contradict what was acknowledged
  std::uint64_t lost = 0;         // acknowledged, and not there in the end
  std::uint64_t unexplained = 0;  // there, or changed, in the end, though nobody was left in doubt about it
  std::uint64_t duplicates = 0;   // there twice
  std::uint64_t cross_user = 0;   // another user's

  void add_success(Clock::time_point begun, bool began_in_a_fault);
  std::string json() const;
};

}  // namespace load
