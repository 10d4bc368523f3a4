#include "supervisor/slot_table.h"

#include <array>

namespace tasklane {

namespace {

using enum SlotState;
using E = SlotEffect;
using Row = std::array<Transition, kSlotEvents>;

constexpr Transition to(SlotState next, SlotEffect effect = E::none) {
  return {next, effect};
}

// clang-format off
constexpr std::array<Row, kSlotStates> kTable = [] {
  constexpr auto stay = [](SlotState state) { return Transition{state, E::none}; };
  constexpr auto never = [](SlotState state) { return Transition{state, E::impossible}; };
  return std::array<Row, kSlotStates>{
      Row{// empty
          /* start        */ to(spawning, E::spawn),
          /* spawned      */ never(empty),
          /* spawn_failed */ never(empty),
          /* ready        */ never(empty),
          /* doubt        */ never(empty),
          /* exited       */ never(empty),
          /* refuse       */ never(empty),
          /* timeout      */ never(empty),
          /* drain        */ stay(empty),
          /* kill         */ stay(empty),
          /* silent       */ never(empty)},
      Row{// spawning
          /* start        */ never(spawning),
          /* spawned      */ to(starting, E::await_ready),
          /* spawn_failed */ to(waiting, E::back_off),
          /* ready        */ never(spawning),
          /* doubt        */ never(spawning),
          /* exited       */ never(spawning),
          /* refuse       */ never(spawning),
          /* timeout      */ never(spawning),
          /* drain        */ to(cancelled),
          /* kill         */ to(cancelled),
          /* silent       */ never(spawning)},
      Row{// cancelled: the process comes, holds nothing yet, and may end at once
          /* start        */ never(cancelled),
          /* spawned      */ to(draining, E::terminate),
          /* spawn_failed */ to(empty),
          /* ready        */ never(cancelled),
          /* doubt        */ never(cancelled),
          /* exited       */ never(cancelled),
          /* refuse       */ never(cancelled),
          /* timeout      */ never(cancelled),
          /* drain        */ stay(cancelled),
          /* kill         */ stay(cancelled),
          /* silent       */ never(cancelled)},
      Row{// starting: before readiness its own deadline watches it
          /* start        */ never(starting),
          /* spawned      */ never(starting),
          /* spawn_failed */ never(starting),
          /* ready        */ to(ready, E::serve),
          /* doubt        */ to(doubtful, E::weigh),
          /* exited       */ to(waiting, E::back_off),
          /* refuse       */ to(refused, E::give_up),
          /* timeout      */ to(overdue, E::kill_unready),
          /* drain        */ to(draining, E::terminate),
          /* kill         */ to(doomed, E::kill_now),
          /* silent       */ stay(starting)},
      Row{// doubtful: at its deadline nobody has said that the workers of before can do more
          /* start        */ never(doubtful),
          /* spawned      */ never(doubtful),
          /* spawn_failed */ never(doubtful),
          /* ready        */ to(ready, E::serve),
          /* doubt        */ stay(doubtful),
          /* exited       */ to(waiting, E::back_off),
          /* refuse       */ to(refused, E::give_up),
          /* timeout      */ to(ready, E::serve),
          /* drain        */ to(draining, E::terminate),
          /* kill         */ to(doomed, E::kill_now),
          /* silent       */ stay(doubtful)},
      Row{// ready
          /* start        */ never(ready),
          /* spawned      */ never(ready),
          /* spawn_failed */ never(ready),
          /* ready        */ stay(ready),
          /* doubt        */ stay(ready),
          /* exited       */ to(waiting, E::back_off),
          /* refuse       */ to(refused, E::give_up),
          /* timeout      */ never(ready),
          /* drain        */ to(draining, E::terminate),
          /* kill         */ to(doomed, E::kill_now),
          /* silent       */ to(overdue, E::kill_silent)},
      Row{// draining: what it says of itself no longer matters
          /* start        */ never(draining),
          /* spawned      */ never(draining),
          /* spawn_failed */ never(draining),
          /* ready        */ stay(draining),
          /* doubt        */ stay(draining),
          /* exited       */ to(empty),
          /* refuse       */ to(empty),
          /* timeout      */ to(doomed, E::kill_late),
          /* drain        */ stay(draining),
          /* kill         */ to(doomed, E::kill_now),
          /* silent       */ to(doomed, E::kill_silent)},
      Row{// overdue: its readiness may cross the signal on the way
          /* start        */ never(overdue),
          /* spawned      */ never(overdue),
          /* spawn_failed */ never(overdue),
          /* ready        */ stay(overdue),
          /* doubt        */ stay(overdue),
          /* exited       */ to(waiting, E::back_off),
          /* refuse       */ to(refused, E::give_up),
          /* timeout      */ never(overdue),
          /* drain        */ to(doomed),
          /* kill         */ to(doomed),
          /* silent       */ stay(overdue)},
      Row{// doomed
          /* start        */ never(doomed),
          /* spawned      */ never(doomed),
          /* spawn_failed */ never(doomed),
          /* ready        */ stay(doomed),
          /* doubt        */ stay(doomed),
          /* exited       */ to(empty),
          /* refuse       */ to(empty),
          /* timeout      */ never(doomed),
          /* drain        */ stay(doomed),
          /* kill         */ stay(doomed),
          /* silent       */ stay(doomed)},
      Row{// waiting
          /* start        */ never(waiting),
          /* spawned      */ never(waiting),
          /* spawn_failed */ never(waiting),
          /* ready        */ never(waiting),
          /* doubt        */ never(waiting),
          /* exited       */ never(waiting),
          /* refuse       */ never(waiting),
          /* timeout      */ to(spawning, E::respawn),
          /* drain        */ to(empty),
          /* kill         */ to(empty),
          /* silent       */ never(waiting)},
      Row{// refused
          /* start        */ never(refused),
          /* spawned      */ never(refused),
          /* spawn_failed */ never(refused),
          /* ready        */ never(refused),
          /* doubt        */ never(refused),
          /* exited       */ never(refused),
          /* refuse       */ never(refused),
          /* timeout      */ never(refused),
          /* drain        */ to(empty),
          /* kill         */ to(empty),
          /* silent       */ never(refused)},
  };
}();
// clang-format on

constexpr std::array<std::string_view, kSlotStates> kStates = {
    "empty",    "spawning", "cancelled", "starting", "doubtful", "ready",
    "draining", "overdue",  "doomed",    "waiting",  "refused"};
constexpr std::array<std::string_view, kSlotEvents> kEvents = {"start", "spawned", "spawn_failed", "ready",
                                                               "doubt", "exited",  "refuse",       "timeout",
                                                               "drain", "kill",    "silent"};

}  // namespace

Transition transition(SlotState state, SlotEvent event) {
  return kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

std::string_view spelling(SlotState state) {
  return kStates[static_cast<std::size_t>(state)];
}
std::string_view spelling(SlotEvent event) {
  return kEvents[static_cast<std::size_t>(event)];
}

}  // namespace tasklane
