#pragma once
// What the pool asks the master to do, and what it only has to tell.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/limits.h"

namespace tasklane {

enum class KillReason { not_ready_in_time, not_drained_in_time, stopped_turning, asked_for };

// What the master has to do …
struct Spawn {
  std::size_t slot;
  std::uint64_t generation;
  bool restart;
};
struct Serve {  // accept requests from now on
  std::size_t slot;
  pid_t pid;
};
struct Ask {  // whether it reaches its database: Pool::answered()
  std::size_t slot;
  pid_t pid;
};
struct Terminate {  // SIGTERM: drain
  std::size_t slot;
  pid_t pid;
};
struct Kill {
  std::size_t slot;
  pid_t pid;
  KillReason reason;
};
struct Finish {
  int exit_code;
};
// … and what it only has to tell.
struct RestartDelayed {
  std::size_t slot;
  std::chrono::milliseconds delay;
};
struct RestartRefused {
  std::size_t slot;
};
struct ReloadStarted {
  std::uint64_t generation;
};
struct ReloadDone {
  std::uint64_t generation;
};
struct ReloadFailed {
  std::uint64_t generation;
  std::size_t slot;  // whose worker failed
};
struct GenerationGone {  // its last worker has
  std::uint64_t generation;
};
struct RetirementStarted {
  std::size_t slot;
  std::size_t successor;
};
struct RetirementFailed {
  std::size_t slot;
};
using Action =
    std::variant<Spawn, Serve, Ask, Terminate, Kill, Finish, RestartDelayed, RestartRefused, ReloadStarted,
                 ReloadDone, ReloadFailed, GenerationGone, RetirementStarted, RetirementFailed>;
using Actions = std::vector<Action>;

}  // namespace tasklane
