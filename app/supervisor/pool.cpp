#include "supervisor/pool.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/exit_codes.h"

namespace tasklane {

using enum SlotState;

Pool::Pool(const PoolSettings& settings) : settings_(settings), slots_(2 * settings.workers) {}

Actions Pool::start(Time now) {
  Actions actions;
  if (generation_ != 0) return actions;
  // The first generation has nobody to replace: it serves as it comes, each worker for itself.
  begin_generation(now, 0, Role::serving, actions);
  return actions;
}

Actions Pool::reload(Time now) {
  Actions actions;
  if (generation_ == 0 || stopping_) return actions;
  reload_wanted_ = true;
  settle(now, actions);
  return actions;
}

Actions Pool::stop(Time now) {
  Actions actions;
  const SlotEvent event = stopping_ ? SlotEvent::kill : SlotEvent::drain;
  stopping_ = true;
  reload_wanted_ = false;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) apply(now, slot, event, actions);
  settle(now, actions);
  return actions;
}

Actions Pool::spawned(Time now, std::size_t slot, pid_t pid) {
  Actions actions;
  slots_[slot].pid = pid;
  apply(now, slot, SlotEvent::spawned, actions);
  settle(now, actions);
  return actions;
}

Actions Pool::spawn_failed(Time now, std::size_t slot) {
  Actions actions;
  apply(now, slot, SlotEvent::spawn_failed, actions);
  settle(now, actions);
  return actions;
}

Actions Pool::ready(Time now, pid_t pid) {
  Actions actions;
  if (const auto slot = slot_of(pid)) {
    apply(now, *slot, SlotEvent::ready, actions);
    settle(now, actions);
  }
  return actions;
}

Actions Pool::exited(Time now, pid_t pid, bool refuses_configuration) {
  Actions actions;
  if (const auto slot = slot_of(pid)) {
    slots_[*slot].pid = 0;
    apply(now, *slot, refuses_configuration ? SlotEvent::refuse : SlotEvent::exited, actions);
    settle(now, actions);
  }
  return actions;
}

Actions Pool::tick(Time now) {
  Actions actions;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].deadline && *slots_[slot].deadline <= now) apply(now, slot, SlotEvent::timeout, actions);
  }
  settle(now, actions);
  return actions;
}

std::optional<Pool::Time> Pool::next_deadline() const {
  std::optional<Time> next;
  for (const Slot& slot : slots_) {
    if (slot.deadline && (!next || *slot.deadline < *next)) next = slot.deadline;
  }
  return next;
}

void Pool::apply(Time now, std::size_t slot, SlotEvent event, Actions& actions) {
  const Transition step = transition(slots_[slot].state, event);
  if (step.next != slots_[slot].state) slots_[slot].deadline.reset();
  slots_[slot].state = step.next;
  enter(now, slot, step.effect, actions);
}

void Pool::apply_to_bank(Time now, std::size_t bank, SlotEvent event, Actions& actions) {
  for (std::size_t i = 0; i < settings_.workers; ++i)
    apply(now, bank * settings_.workers + i, event, actions);
}

void Pool::enter(Time now, std::size_t index, SlotEffect effect, Actions& actions) {
  Slot& slot = slots_[index];
  switch (effect) {
    case SlotEffect::none:
    case SlotEffect::impossible:
      return;
    case SlotEffect::spawn:
    case SlotEffect::respawn:
      slot.ready_since.reset();
      actions.push_back(Spawn{index, slot.generation, effect == SlotEffect::respawn});
      return;
    case SlotEffect::await_ready:
      slot.deadline = now + settings_.ready_timeout;
      return;
    case SlotEffect::serve:
      slot.ready_since = now;
      return;
    case SlotEffect::back_off:
      return back_off(now, index, actions);
    case SlotEffect::give_up:
      bank_of(index).failed = true;
      actions.push_back(RestartRefused{index});
      return;
    case SlotEffect::terminate:
      slot.deadline = now + settings_.drain_timeout;
      actions.push_back(Terminate{index, slot.pid});
      return;
    case SlotEffect::kill_unready:
      return kill(index, KillReason::not_ready_in_time, actions);
    case SlotEffect::kill_late:
      return kill(index, KillReason::not_drained_in_time, actions);
    case SlotEffect::kill_now:
      return kill(index, KillReason::asked_for, actions);
  }
}

void Pool::back_off(Time now, std::size_t index, Actions& actions) {
  Slot& slot = slots_[index];
  Bank& bank = bank_of(index);
  bank.failed = true;
  auto delay = settings_.restart_delay_min;
  if (slot.ready_since && now - *slot.ready_since >= settings_.restart_stable_after) {
    // It had done well: its successor comes at once, and waits only if it does worse.
    slot.failures = 0;
    delay = delay.zero();
  } else {
    for (unsigned i = 0; i < slot.failures && delay < settings_.restart_delay_max; ++i) delay *= 2;
    delay = std::min(delay, settings_.restart_delay_max);
    ++slot.failures;
  }
  slot.deadline = now + delay;
  // Of an incoming generation nobody is restarted: settle() sends it away.
  if (bank.role != Role::incoming) actions.push_back(RestartDelayed{index, delay});
}

void Pool::kill(std::size_t index, KillReason reason, Actions& actions) {
  if (stopping_) killed_ = true;
  actions.push_back(Kill{index, slots_[index].pid, reason});
}

void Pool::begin_generation(Time now, std::size_t bank, Role role, Actions& actions) {
  banks_[bank] = {.role = role, .generation = ++generation_};
  if (role == Role::incoming) actions.push_back(ReloadStarted{generation_});
  for (std::size_t i = 0; i < settings_.workers; ++i) {
    slots_[bank * settings_.workers + i] = {.generation = generation_};
  }
  apply_to_bank(now, bank, SlotEvent::start, actions);
}

// What follows from the slots' new states, for the generations and for the whole.
void Pool::settle(Time now, Actions& actions) {
  if (finished_) return;
  for (std::size_t bank = 0; bank < std::size(banks_); ++bank) {
    if (banks_[bank].role == Role::leaving && all(bank, empty)) banks_[bank].role = Role::vacant;
  }
  if (!stopping_) settle_reload(now, actions);
  const bool at_rest = std::ranges::all_of(
      slots_, [](const Slot& slot) { return slot.state == empty || slot.state == refused; });
  if (!at_rest) return;
  finished_ = true;
  // Not stopping and nobody left: every worker has refused the configuration.
  actions.push_back(Finish{!stopping_ ? kExitConfiguration : killed_ ? kExitFailure : kExitOk});
}

void Pool::settle_reload(Time now, Actions& actions) {
  if (const auto incoming = bank_with(Role::incoming)) {
    Bank& bank = banks_[*incoming];
    if (bank.failed) {
      bank.role = Role::leaving;
      actions.push_back(ReloadFailed{bank.generation});
      apply_to_bank(now, *incoming, SlotEvent::drain, actions);
      if (all(*incoming, empty)) bank.role = Role::vacant;
    } else if (all(*incoming, SlotState::ready)) {
      const std::size_t outgoing = 1 - *incoming;
      bank.role = Role::serving;
      banks_[outgoing].role = Role::leaving;
      actions.push_back(ReloadDone{bank.generation});
      apply_to_bank(now, outgoing, SlotEvent::drain, actions);
      if (all(outgoing, empty)) banks_[outgoing].role = Role::vacant;
    }
  }
  const auto vacant = bank_with(Role::vacant);
  if (!reload_wanted_ || !vacant) return;
  reload_wanted_ = false;
  begin_generation(now, *vacant, Role::incoming, actions);
}

bool Pool::all(std::size_t bank, SlotState state) const {
  const auto slots = std::span(slots_).subspan(bank * settings_.workers, settings_.workers);
  return std::ranges::all_of(slots, [&](const Slot& slot) { return slot.state == state; });
}

std::optional<std::size_t> Pool::bank_with(Role role) const {
  for (std::size_t bank = 0; bank < std::size(banks_); ++bank) {
    if (banks_[bank].role == role) return bank;
  }
  return std::nullopt;
}

std::optional<std::size_t> Pool::slot_of(pid_t pid) const {
  const auto found = std::ranges::find(slots_, pid, &Slot::pid);
  if (pid <= 0 || found == slots_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - slots_.begin());
}

}  // namespace tasklane
