#pragma once
// A statement on its way: what runs, with what, until when, and who waits for it.

#include <chrono>
#include <functional>
#include <utility>

#include "base/result.h"
#include "base/trace.h"
#include "postgres/rows.h"
#include "postgres/statement.h"

namespace tasklane {

using Clock = std::chrono::steady_clock;

struct Job {
  using Done = std::move_only_function<void(Result<Rows>)>;

  const Statement* statement;
  Parameters parameters;
  Clock::time_point deadline;
  Done done;                 // empty once the answer is on its way
  TracePtr trace = nullptr;  // of the request that it is for, if any
  std::size_t home = 0;      // the number of the connection it prefers
  bool repeated = false;     // a read that already lost one connection
  int conflicts = 0;         // times it lost against another transaction (40001, 40P01, 23505)

  bool waiting() const { return static_cast<bool>(done); }
};

}  // namespace tasklane
