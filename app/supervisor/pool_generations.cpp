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

void Pool::forget_departed() {
  std::erase_if(state_.generations, [&](const Generation& generation) {
    return generation.role == Role::leaving && std::ranges::none_of(state_.slots, [&](const Slot& slot) {
             return slot.generation == generation.number && slot.state != empty;
           });
  });
}

void Pool::settle_reload(Time now, Actions& actions) {
  if (Generation* const incoming = generation_with(Role::incoming); incoming != nullptr) {
    if (incoming->failed) {
      incoming->role = Role::leaving;
      actions.push_back(ReloadFailed{incoming->number, *incoming->failed});
      apply_to_generation(now, incoming->number, SlotEvent::drain, actions);
    } else if (count(incoming->number, SlotState::ready) == incoming->settings.workers) {
      Generation* const outgoing = generation_with(Role::serving);
      incoming->role = Role::serving;
      state_.settings = incoming->settings;  // from here on: the old are given the new time to drain
      outgoing->role = Role::leaving;
      state_.retirement.reset();  // both leave
      actions.push_back(ReloadDone{incoming->number});
      apply_to_generation(now, outgoing->number, SlotEvent::drain, actions);
    }
    forget_departed();
  }
  if (!state_.wanted || generation_with(Role::incoming) != nullptr) return;
  if (state_.generations.size() >= limits::kGenerationsMax) return;
  const PoolSettings settings = *state_.wanted;
  state_.wanted.reset();
  begin_generation(now, settings, Role::incoming, actions);
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
  const auto [retiring, successor, handed_over] = *state_.retirement;
  const Slot& next = state_.slots[successor];
  if (handed_over) {
    if (state_.slots[retiring].state == empty) state_.retirement.reset();
  } else if (next.state == SlotState::ready) {
    state_.retirement->handed_over = true;
    apply(now, retiring, SlotEvent::drain, actions);
  } else if (next.state == waiting || next.state == refused) {
    state_.retirement.reset();
    // The one that is too old serves on; the next attempt waits.
    state_.retire_not_before = now + state_.settings.restart_delay_max;
    apply(now, successor, SlotEvent::drain, actions);
    actions.push_back(RetirementFailed{retiring});
  }
}

bool Pool::is_successor(std::size_t slot) const {
  return state_.retirement && !state_.retirement->handed_over && state_.retirement->successor == slot;
}

}  // namespace tasklane
