#pragma once
// One worker's place in the pool as a literal table, after s6-supervise: every (state, event) pair is written
// in slot_table.cpp, and nothing else decides what follows what. Pure: no clock, no process, no pool.
// pool.h feeds it the events and gives the effects their meaning.

#include <cstddef>
#include <string_view>

namespace tasklane {

enum class SlotState {
  empty,      // no process, none wanted
  spawning,   // asked for; the process id is not known yet
  cancelled,  // asked for, and no longer wanted when it comes
  starting,   // runs; its readiness is awaited until a deadline
  doubtful,   // got ready without something that it needs; the pool decides before a deadline
  ready,      // serves
  draining,   // told to drain, until a deadline
  overdue,    // killed because it was not ready in time or stood still; another one follows
  doomed,     // killed; nobody follows
  waiting,    // ended; another one follows at a deadline
  refused,    // said that its configuration is wrong (exit 100): nobody follows until a reload
};
inline constexpr std::size_t kSlotStates = 11;

enum class SlotEvent {
  start,         // a generation begins
  spawned,       // the process exists
  spawn_failed,  // it could not be made
  ready,         // it said so, or the pool takes a doubtful one as it is
  doubt,         // it said so, and what it lacks
  exited,        // it ended, in whatever way, except
  refuse,        // with exit status 100
  timeout,       // the slot's deadline has passed
  drain,         // no longer wanted
  kill,          // no longer wanted, at once
  silent,        // its loop has stopped turning
};
inline constexpr std::size_t kSlotEvents = 11;

enum class SlotEffect {
  none,
  impossible,    // the pool never brings this event in this state; nothing happens
  spawn,         // a first process
  respawn,       // a successor
  await_ready,   // note the process id, set the deadline
  weigh,         // set the deadline
  serve,         // note the time
  back_off,      // set the deadline of the successor
  give_up,       // tell that nobody follows
  terminate,     // SIGTERM: drain; set the deadline
  kill_unready,  // SIGKILL: not ready in time
  kill_late,     // SIGKILL: not drained in time
  kill_now,      // SIGKILL: asked for
  kill_silent,   // SIGKILL: its loop has stopped turning
};

struct Transition {
  Transition() = delete;  // a row that is too short does not compile
  constexpr Transition(SlotState n, SlotEffect e) : next(n), effect(e) {}
  SlotState next;
  SlotEffect effect;
};

Transition transition(SlotState state, SlotEvent event);

std::string_view spelling(SlotState state);
std::string_view spelling(SlotEvent event);

}  // namespace tasklane
