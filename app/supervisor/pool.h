#pragma once
// The pool of workers as a pure state machine: events and the time come in, actions for the master go out.
// Generations: a reload starts a whole new one beside the serving one, and only when all of it is ready the
// old one drains; if one of the new workers fails, the new generation goes and the old one stays. So there
// are at most twice as many processes as workers. Each slot follows slot_table.h; this adds deadlines, the
// backoff and the generations. Events for an unknown process are ignored; after Finish, all are.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "supervisor/slot_table.h"

namespace tasklane {

struct PoolSettings {
  std::size_t workers;  // per generation
  std::chrono::milliseconds drain_timeout;
  std::chrono::milliseconds ready_timeout = limits::kReadyTimeout;
  std::chrono::milliseconds restart_delay_min = limits::kRestartDelayMin;
  std::chrono::milliseconds restart_delay_max = limits::kRestartDelayMax;
  std::chrono::milliseconds restart_stable_after = limits::kRestartStableAfter;
};

enum class KillReason { not_ready_in_time, not_drained_in_time, asked_for };

// What the master has to do …
struct Spawn {
  std::size_t slot;
  std::uint64_t generation;
  bool restart;
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
};
using Action = std::variant<Spawn, Terminate, Kill, Finish, RestartDelayed, RestartRefused, ReloadStarted,
                            ReloadDone, ReloadFailed>;
using Actions = std::vector<Action>;

class Pool {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Slot {
    SlotState state = SlotState::empty;
    std::uint64_t generation = 0;
    pid_t pid = 0;                         // 0: no process
    std::optional<Time> deadline = {};     // of its state
    std::optional<Time> ready_since = {};  // of its process
    unsigned failures = 0;                 // in a row, without a stable worker between them
  };

  explicit Pool(const PoolSettings& settings);

  Actions start(Time now);
  Actions reload(Time now);  // while one is under way: once more after it
  Actions stop(Time now);    // drain; the second time kill

  // The answer to Spawn.
  Actions spawned(Time now, std::size_t slot, pid_t pid);
  Actions spawn_failed(Time now, std::size_t slot);

  Actions ready(Time now, pid_t pid);
  Actions exited(Time now, pid_t pid, bool refuses_configuration);

  Actions tick(Time now);  // carries out what is due; early calls do nothing
  std::optional<Time> next_deadline() const;

  const std::vector<Slot>& slots() const { return slots_; }
  bool stopping() const { return stopping_; }

 private:
  // Slots [0, workers) and [workers, 2 × workers) take turns as generations come and go.
  enum class Role { vacant, serving, incoming, leaving };
  struct Bank {
    Role role = Role::vacant;
    std::uint64_t generation = 0;
    bool failed = false;  // incoming: one of it ended before all were ready
  };

  void apply(Time now, std::size_t slot, SlotEvent event, Actions& actions);
  void apply_to_bank(Time now, std::size_t bank, SlotEvent event, Actions& actions);
  void enter(Time now, std::size_t slot, SlotEffect effect, Actions& actions);
  void back_off(Time now, std::size_t slot, Actions& actions);
  void kill(std::size_t slot, KillReason reason, Actions& actions);
  void begin_generation(Time now, std::size_t bank, Role role, Actions& actions);
  void settle(Time now, Actions& actions);
  void settle_reload(Time now, Actions& actions);
  bool all(std::size_t bank, SlotState state) const;
  std::optional<std::size_t> bank_with(Role role) const;
  std::optional<std::size_t> slot_of(pid_t pid) const;
  Bank& bank_of(std::size_t slot) { return banks_[slot / settings_.workers]; }

  PoolSettings settings_;
  std::vector<Slot> slots_;
  Bank banks_[2];
  std::uint64_t generation_ = 0;
  bool reload_wanted_ = false;
  bool stopping_ = false;
  bool killed_ = false;  // while stopping: the work of some worker was lost
  bool finished_ = false;
};

}  // namespace tasklane
