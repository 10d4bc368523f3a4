// The part of the pool that is about more than one slot: reloads and retirements.
#include <algorithm>

#include "supervisor/pool.h"

namespace tasklane {

using enum SlotState;

void Pool::begin_generation(Time now, const PoolSettings& settings, Role role, Actions& actions) {
  const std::uint64_t number = ++state_.newest;
  state_.generations.push_back({.number = number, .settings = settings, .role = role});
  if (role == Role::incoming) actions.push_back(ReloadStarted{number});
  for (std::size_t i = 0; i < settings.workers; ++i) {
    // There is one: kSlotsMax has room for kGenerationsMax whole generations.
    const std::size_t slot = free_slot().value();
    state_.slots[slot] = {.generation = number};
    apply(now, slot, SlotEvent::start, actions);
  }
}

std::optional<std::size_t> Pool::free_slot() {
  const auto found = std::ranges::find(state_.slots, empty, &Slot::state);
  if (found != state_.slots.end()) return static_cast<std::size_t>(found - state_.slots.begin());
  if (state_.slots.size() == limits::kSlotsMax) return std::nullopt;
  state_.slots.emplace_back();
  return state_.slots.size() - 1;
}

void Pool::forget_departed(Actions& actions) {
  std::erase_if(state_.generations, [&](const Generation& generation) {
    const bool lives = std::ranges::any_of(state_.slots, [&](const Slot& slot) {
      return slot.generation == generation.number && slot.state != empty;
    });
    if (generation.role != Role::leaving || lives) return false;
    actions.push_back(GenerationGone{generation.number});
    return true;
  });
}

// Where a worker replaces nobody that could do more, it serves as it is.
void Pool::settle_doubts(Time now, Actions& actions) {
  for (std::size_t slot = 0; slot < state_.slots.size(); ++slot) {
    if (state_.slots[slot].state == doubtful && state_.slots[slot].generation == serving() &&
        !is_successor(slot))
      apply(now, slot, SlotEvent::ready, actions);
  }
}

void Pool::settle_reload(Time now, Actions& actions) {
  if (Generation* const incoming = generation_with(Role::incoming); incoming != nullptr) {
    if (!incoming->failed) weigh(now, *incoming, actions);
    if (incoming->failed) {
      incoming->role = Role::leaving;
      actions.push_back(ReloadFailed{incoming->number, *incoming->failed});
      apply_to_generation(now, incoming->number, SlotEvent::drain, actions);
    } else if (count(incoming->number, SlotState::ready) == incoming->settings.workers) {
      hand_over_to(now, *incoming, actions);
    }
    forget_departed(actions);
  }
  if (!state_.wanted || generation_with(Role::incoming) != nullptr) return;
  if (state_.generations.size() >= limits::kGenerationsMax) return;
  const PoolSettings settings = *state_.wanted;
  state_.wanted.reset();
  begin_generation(now, settings, Role::incoming, actions);
}

void Pool::hand_over_to(Time now, Generation& incoming, Actions& actions) {
  Generation& outgoing = *generation_with(Role::serving);
  incoming.role = Role::serving;
  state_.settings = incoming.settings;  // from here on: the old are given the new time to drain
  outgoing.role = Role::leaving;
  state_.retirement.reset();  // both leave
  actions.push_back(ReloadDone{incoming.number});
  for (std::size_t slot = 0; slot < state_.slots.size(); ++slot) {
    if (state_.slots[slot].generation == incoming.number && state_.slots[slot].state == SlotState::ready)
      actions.push_back(Serve{slot, state_.slots[slot].pid});
  }
  apply_to_generation(now, outgoing.number, SlotEvent::drain, actions);
}

// Of an incoming generation: what its doubtful workers lack, against what the serving ones have.
void Pool::weigh(Time now, Generation& incoming, Actions& actions) {
  std::vector<std::size_t> doubters;
  for (std::size_t slot = 0; slot < state_.slots.size(); ++slot) {
    const Slot& worker = state_.slots[slot];
    if (worker.generation == incoming.number && worker.state == doubtful) doubters.push_back(slot);
  }
  const auto unfit =
      std::ranges::find(doubters, Doubt::unfit, [&](auto slot) { return state_.slots[slot].doubt; });
  if (unfit != doubters.end()) incoming.failed = *unfit;
  if (doubters.empty()) return forget_answers();
  if (incoming.failed) return;
  const Answer answer = ask_serving(actions);
  if (answer == Answer::awaited) return;
  if (answer == Answer::reaches) {
    incoming.failed = doubters.front();
    return;
  }
  for (const std::size_t slot : doubters) apply(now, slot, SlotEvent::ready, actions);
  forget_answers();
}

// A doubt that comes later is one of another moment.
void Pool::forget_answers() {
  for (Slot& worker : state_.slots) worker.answer = Answer::none;
}

// Whoever serves and was not asked yet. Of all their answers: that one reaches its database; else that one is
// still to come; else that none does.
Answer Pool::ask_serving(Actions& actions) {
  Answer all = Answer::reaches_not;
  for (std::size_t slot = 0; slot < state_.slots.size(); ++slot) {
    Slot& worker = state_.slots[slot];
    if (worker.generation != serving() || worker.state != SlotState::ready) continue;
    if (worker.answer == Answer::none) {
      worker.answer = Answer::awaited;
      actions.push_back(Ask{slot, worker.pid});
    }
    if (worker.answer == Answer::reaches) return Answer::reaches;
    if (worker.answer == Answer::awaited) all = Answer::awaited;
  }
  return all;
}

Actions Pool::retire(Time now, pid_t pid) {
  Actions actions;
  const auto slot = slot_of(pid);
  if (!slot || state_.stopping || state_.retirement || reloading() || now < state_.retire_not_before)
    return actions;
  const std::uint64_t number = state_.slots[*slot].generation;
  if (number != serving() || state_.slots[*slot].state != SlotState::ready) return actions;
  const auto successor = free_slot();
  if (!successor) return actions;
  state_.slots[*successor] = {.generation = number};
  state_.retirement = {.retiring = *slot, .successor = *successor, .handed_over = false};
  actions.push_back(RetirementStarted{*slot, *successor});
  apply(now, *successor, SlotEvent::start, actions);
  return actions;
}

void Pool::settle_retirement(Time now, Actions& actions) {
  if (!state_.retirement) return;
  const auto [retiring, successor, handed_over, failed] = *state_.retirement;
  const Slot& next = state_.slots[successor];
  if (failed) {
    if (next.state == empty) state_.retirement.reset();
  } else if (handed_over) {
    if (state_.slots[retiring].state == empty) state_.retirement.reset();
  } else if (next.state == SlotState::ready) {
    state_.retirement->handed_over = true;
    apply(now, retiring, SlotEvent::drain, actions);
  } else if (next.state == waiting || next.state == refused || next.state == doubtful) {
    state_.retirement->failed = true;
    // The one that is too old serves on; the next attempt waits.
    state_.retire_not_before = now + state_.settings.restart_delay_max;
    apply(now, successor, SlotEvent::drain, actions);
    actions.push_back(RetirementFailed{retiring});
    if (next.state == empty) state_.retirement.reset();
  }
}

bool Pool::is_successor(std::size_t slot) const {
  return state_.retirement && !state_.retirement->handed_over && state_.retirement->successor == slot;
}

}  // namespace tasklane
