#include <boost/test/unit_test.hpp>
#include <set>

#include "supervisor/slot_table.h"

using namespace tasklane;
using enum SlotState;

namespace {

constexpr SlotEvent kWhileRunning[] = {SlotEvent::ready,  SlotEvent::doubt, SlotEvent::exited,
                                       SlotEvent::refuse, SlotEvent::drain, SlotEvent::kill,
                                       SlotEvent::silent};
constexpr SlotState kRunning[] = {starting, doubtful, SlotState::ready, draining, overdue, doomed};

template <class Check>
void for_every_pair(Check check) {
  for (std::size_t state = 0; state < kSlotStates; ++state) {
    for (std::size_t event = 0; event < kSlotEvents; ++event)
      check(static_cast<SlotState>(state), static_cast<SlotEvent>(event));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(slot_table)

BOOST_AUTO_TEST_CASE(changes_nothing_for_an_impossible_pair) {
  for_every_pair([](SlotState state, SlotEvent event) {
    const Transition step = transition(state, event);
    if (step.effect == SlotEffect::impossible)
      BOOST_TEST((step.next == state), spelling(state) << " x " << spelling(event));
  });
}

BOOST_AUTO_TEST_CASE(answers_whatever_a_running_process_or_a_person_can_bring) {
  for (const SlotState state : kRunning) {
    for (const SlotEvent event : kWhileRunning)
      BOOST_TEST((transition(state, event).effect != SlotEffect::impossible),
                 spelling(state) << " x " << spelling(event));
  }
  for (std::size_t state = 0; state < kSlotStates; ++state) {
    for (const SlotEvent event : {SlotEvent::drain, SlotEvent::kill})
      BOOST_TEST((transition(static_cast<SlotState>(state), event).effect != SlotEffect::impossible));
  }
}

BOOST_AUTO_TEST_CASE(spawns_only_into_a_slot_without_a_process) {
  for_every_pair([](SlotState state, SlotEvent event) {
    const SlotEffect effect = transition(state, event).effect;
    if (effect == SlotEffect::spawn) BOOST_TEST((state == empty));
    if (effect == SlotEffect::respawn) BOOST_TEST((state == waiting));
  });
}

BOOST_AUTO_TEST_CASE(never_starts_a_successor_for_a_slot_that_was_told_to_go) {
  const std::set<SlotState> gone = {empty, cancelled, draining, doomed};
  for (const SlotState state : gone) {
    for (std::size_t event = 0; event < kSlotEvents; ++event) {
      if (static_cast<SlotEvent>(event) == SlotEvent::start) continue;
      BOOST_TEST(gone.contains(transition(state, static_cast<SlotEvent>(event)).next));
    }
  }
}

BOOST_AUTO_TEST_CASE(lets_nobody_but_a_new_generation_follow_a_refusal) {
  for (const SlotState state : {starting, doubtful, SlotState::ready, overdue})
    BOOST_TEST((transition(state, SlotEvent::refuse).next == refused));
  for (std::size_t event = 0; event < kSlotEvents; ++event) {
    const SlotState next = transition(refused, static_cast<SlotEvent>(event)).next;
    BOOST_TEST((next == refused || next == empty));
  }
}

BOOST_AUTO_TEST_SUITE_END()
