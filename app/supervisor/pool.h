#pragma once
// The pool of workers as a pure state machine: events and the time come in, actions for the master go out.
//
// Generations: a reload starts a whole new one beside the serving one. Only when all of it is ready it is
// told to serve and the old one drains; if one of the new workers fails, the new generation goes and the old
// one stays. A worker may get ready with a doubt, which says what it lacks. What it is refused fails the new
// generation; a database that it does not reach does so when a worker of the old one says, asked for it, that
// it reaches its own. Where nobody is replaced, a worker serves as it is. Old generations
// may still be draining when the next reload comes, up to limits::kGenerationsMax generations in all; past
// that a reload waits, and however many wait become one. Retirement replaces one worker: its successor gets
// ready first. Each slot follows slot_table.h; this adds deadlines, the backoff, heartbeats and the
// generations. Events for an unknown process are ignored; after Finish, all are.

#include <optional>
#include <vector>

#include "supervisor/pool_actions.h"
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

using PoolTime = std::chrono::steady_clock::time_point;

// What a worker that got ready lacks. unreachable: a database that may come back. unfit: it was refused
// something that does not come by itself.
enum class Doubt { none, unreachable, unfit };
// Of a worker that serves: whether it reaches its database.
enum class Answer { none, awaited, reaches, reaches_not };

struct PoolSlot {
  SlotState state = SlotState::empty;
  std::uint64_t generation = 0;
  pid_t pid = 0;                             // 0: no process
  std::optional<PoolTime> deadline = {};     // of its state
  std::optional<PoolTime> ready_since = {};  // of its process
  unsigned failures = 0;                     // in a row, without a stable worker between them
  std::uint64_t restarts = 0;                // of this slot in this generation
  std::uint64_t beat = 0;                    // the last heartbeat's number
  unsigned silence = 0;                      // looks in a row that found no new one
  Doubt doubt = Doubt::none;
  Answer answer = Answer::none;
};

enum class Role { serving, incoming, leaving };

struct Generation {
  std::uint64_t number;
  PoolSettings settings;
  Role role;
  std::optional<std::size_t> failed = {};  // incoming: the slot whose worker fails it
};

// All that a pool knows; a new executable of the master takes it over (handover.h).
struct PoolState {
  PoolSettings settings;             // in force: the serving generation's
  std::vector<PoolSlot> slots = {};  // grows as generations need places, never shrinks
  std::vector<Generation> generations = {};
  std::uint64_t newest = 0;
  std::optional<PoolSettings> wanted = {};  // by a reload that waits
  struct Retirement {
    std::size_t retiring;
    std::size_t successor;
    bool handed_over;     // the successor is ready, the other one drains
    bool failed = false;  // the successor goes
  };
  std::optional<Retirement> retirement = {};
  PoolTime retire_not_before = {};
  bool stopping = false;
  bool killed = false;  // while stopping: the work of some worker was lost
  bool finished = false;
};

class Pool {
 public:
  using Time = PoolTime;
  using Slot = PoolSlot;

  explicit Pool(const PoolSettings& settings) : state_{.settings = settings, .slots = {}} {}
  explicit Pool(PoolState state) : state_(std::move(state)) {}

  Actions start(Time now);
  Actions reload(Time now, const PoolSettings& settings);
  Actions stop(Time now);  // drain; the second time kill
  // A successor for a worker that serves. One at a time, and not while a reload does it anyway: then, as for
  // a worker that does not serve, nothing happens, and the caller asks again.
  Actions retire(Time now, pid_t pid);

  // The answer to Spawn.
  Actions spawned(Time now, std::size_t slot, pid_t pid);
  Actions spawn_failed(Time now, std::size_t slot);

  Actions ready(Time now, pid_t pid);
  Actions doubt(Time now, pid_t pid, Doubt doubt);      // ready, but
  Actions answered(Time now, pid_t pid, bool reaches);  // the answer to Ask
  Actions exited(Time now, pid_t pid, bool refuses_configuration);
  // What a look at a worker's heartbeat saw; limits::kHeartbeatsMissedMax looks without a new one end it.
  Actions beat(Time now, pid_t pid, std::uint64_t number);

  Actions tick(Time now);  // carries out what is due; early calls do nothing
  std::optional<Time> next_deadline() const;

  const PoolState& state() const { return state_; }
  const std::vector<Slot>& slots() const { return state_.slots; }
  bool stopping() const { return state_.stopping; }
  bool reloading() const { return generation_with(Role::incoming) != nullptr || state_.wanted; }
  // The generation whose coming answers what was asked of reload() last.
  std::uint64_t awaited() const { return state_.newest + (state_.wanted ? 1 : 0); }
  std::uint64_t serving() const;        // the serving generation's number, 0 before start()
  std::uint64_t oldest() const;         // the number of the oldest that has workers
  std::size_t serving_ready() const;    // its workers that are ready
  std::size_t serving_workers() const;  // and how many it should have
  bool turns() const;                   // false while every worker that should serve has stopped turning

 private:
  void apply(Time now, std::size_t slot, SlotEvent event, Actions& actions);
  void apply_to_generation(Time now, std::uint64_t number, SlotEvent event, Actions& actions);
  void enter(Time now, std::size_t slot, SlotEffect effect, Actions& actions);
  void back_off(Time now, std::size_t slot, Actions& actions);
  void kill(std::size_t slot, KillReason reason, Actions& actions);
  void begin_generation(Time now, const PoolSettings& settings, Role role, Actions& actions);
  std::optional<std::size_t> free_slot();
  void settle(Time now, Actions& actions);
  void settle_doubts(Time now, Actions& actions);
  void settle_reload(Time now, Actions& actions);
  void weigh(Time now, Generation& incoming, Actions& actions);
  Answer ask_serving(Actions& actions);
  void forget_answers();
  void hand_over_to(Time now, Generation& incoming, Actions& actions);
  void settle_retirement(Time now, Actions& actions);
  void forget_departed(Actions& actions);
  std::size_t count(std::uint64_t generation, SlotState state) const;
  const Generation* generation_with(Role role) const;
  Generation* generation_with(Role role);
  Generation* generation_of(std::size_t slot);
  std::optional<std::size_t> slot_of(pid_t pid) const;
  bool is_successor(std::size_t slot) const;

  PoolState state_;
};

}  // namespace tasklane
