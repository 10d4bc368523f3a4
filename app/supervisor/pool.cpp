#include "supervisor/pool.h"

#include <algorithm>
#include <utility>

#include "base/exit_codes.h"

namespace tasklane {

using enum SlotState;

Actions Pool::start(Time now) {
  Actions actions;
  if (state_.newest != 0) return actions;
  // The first generation has nobody to replace: it serves as it comes, each worker for itself.
  begin_generation(now, state_.settings, Role::serving, actions);
  return actions;
}

Actions Pool::reload(Time now, const PoolSettings& settings) {
  Actions actions;
  if (state_.newest == 0 || state_.stopping) return actions;
  state_.wanted = settings;
  settle(now, actions);
  return actions;
}

Actions Pool::stop(Time now) {
  Actions actions;
  const SlotEvent event = state_.stopping ? SlotEvent::kill : SlotEvent::drain;
  state_.stopping = true;
  state_.wanted.reset();
  state_.retirement.reset();
  for (std::size_t slot = 0; slot < state_.slots.size(); ++slot) apply(now, slot, event, actions);
  settle(now, actions);
  return actions;
}

Actions Pool::spawned(Time now, std::size_t slot, pid_t pid) {
  Actions actions;
  state_.slots[slot].pid = pid;
  state_.slots[slot].beat = 0;
  state_.slots[slot].silence = 0;
  state_.slots[slot].doubt = Doubt::none;
  state_.slots[slot].answer = Answer::none;
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

Actions Pool::doubt(Time now, pid_t pid, Doubt doubt) {
  Actions actions;
  if (const auto slot = slot_of(pid)) {
    if (state_.slots[*slot].state == starting) state_.slots[*slot].doubt = doubt;
    apply(now, *slot, SlotEvent::doubt, actions);
    settle(now, actions);
  }
  return actions;
}

Actions Pool::answered(Time now, pid_t pid, bool reaches) {
  Actions actions;
  const auto slot = slot_of(pid);
  if (!slot || state_.slots[*slot].answer != Answer::awaited) return actions;
  state_.slots[*slot].answer = reaches ? Answer::reaches : Answer::reaches_not;
  settle(now, actions);
  return actions;
}

Actions Pool::exited(Time now, pid_t pid, bool refuses_configuration) {
  Actions actions;
  if (const auto slot = slot_of(pid)) {
    state_.slots[*slot].pid = 0;
    apply(now, *slot, refuses_configuration ? SlotEvent::refuse : SlotEvent::exited, actions);
    settle(now, actions);
  }
  return actions;
}

// Looks are counted, not time: after a pause of the whole machine the first look finds everybody silent.
Actions Pool::beat(Time now, pid_t pid, std::uint64_t number) {
  Actions actions;
  const auto index = slot_of(pid);
  if (!index) return actions;
  Slot& slot = state_.slots[*index];
  slot.silence = number == slot.beat ? slot.silence + 1 : 0;
  slot.beat = number;
  if (slot.silence < limits::kHeartbeatsMissedMax) return actions;
  slot.silence = 0;
  apply(now, *index, SlotEvent::silent, actions);
  settle(now, actions);
  return actions;
}

Actions Pool::tick(Time now) {
  Actions actions;
  for (std::size_t slot = 0; slot < state_.slots.size(); ++slot) {
    const auto deadline = state_.slots[slot].deadline;
    if (deadline && *deadline <= now) apply(now, slot, SlotEvent::timeout, actions);
  }
  settle(now, actions);
  return actions;
}

std::optional<Pool::Time> Pool::next_deadline() const {
  std::optional<Time> next;
  for (const Slot& slot : state_.slots) {
    if (slot.deadline && (!next || *slot.deadline < *next)) next = slot.deadline;
  }
  return next;
}

void Pool::apply(Time now, std::size_t slot, SlotEvent event, Actions& actions) {
  const Transition step = transition(state_.slots[slot].state, event);
  if (step.next != state_.slots[slot].state) state_.slots[slot].deadline.reset();
  state_.slots[slot].state = step.next;
  enter(now, slot, step.effect, actions);
}

void Pool::apply_to_generation(Time now, std::uint64_t number, SlotEvent event, Actions& actions) {
  for (std::size_t slot = 0; slot < state_.slots.size(); ++slot) {
    if (state_.slots[slot].generation == number) apply(now, slot, event, actions);
  }
}

void Pool::enter(Time now, std::size_t index, SlotEffect effect, Actions& actions) {
  Slot& slot = state_.slots[index];
  switch (effect) {
    case SlotEffect::none:
    case SlotEffect::impossible:
      return;
    case SlotEffect::spawn:
    case SlotEffect::respawn:
      slot.ready_since.reset();
      if (effect == SlotEffect::respawn) ++slot.restarts;
      actions.push_back(Spawn{index, slot.generation, effect == SlotEffect::respawn});
      return;
    case SlotEffect::await_ready:
      slot.deadline = now + state_.settings.ready_timeout;
      return;
    case SlotEffect::weigh:
      slot.deadline = now + limits::kAnswerTimeout;
      return;
    case SlotEffect::serve:
      slot.ready_since = now;
      // Of an incoming generation none serves before all are ready.
      if (slot.generation == serving()) actions.push_back(Serve{index, slot.pid});
      return;
    case SlotEffect::back_off:
      return back_off(now, index, actions);
    case SlotEffect::give_up:
      if (Generation* generation = generation_of(index); generation != nullptr) generation->failed = index;
      actions.push_back(RestartRefused{index});
      return;
    case SlotEffect::terminate:
      slot.deadline = now + state_.settings.drain_timeout;
      actions.push_back(Terminate{index, slot.pid});
      return;
    case SlotEffect::kill_unready:
      return kill(index, KillReason::not_ready_in_time, actions);
    case SlotEffect::kill_late:
      return kill(index, KillReason::not_drained_in_time, actions);
    case SlotEffect::kill_now:
      return kill(index, KillReason::asked_for, actions);
    case SlotEffect::kill_silent:
      return kill(index, KillReason::stopped_turning, actions);
  }
}

void Pool::back_off(Time now, std::size_t index, Actions& actions) {
  Slot& slot = state_.slots[index];
  Generation* const generation = generation_of(index);
  if (generation != nullptr) generation->failed = index;
  auto delay = state_.settings.restart_delay_min;
  if (slot.ready_since && now - *slot.ready_since >= state_.settings.restart_stable_after) {
    // It had done well: its successor comes at once, and waits only if it does worse.
    slot.failures = 0;
    delay = delay.zero();
  } else {
    // Down for a small part of the time that it lived: as long as the last time is enough.
    const auto last_delay = delay * (1U << std::min(slot.failures, 20U)) / 2;
    if (slot.failures > 0 && slot.ready_since &&
        now - *slot.ready_since >= limits::kRestartLifeFactor * last_delay)
      --slot.failures;
    for (unsigned i = 0; i < slot.failures && delay < state_.settings.restart_delay_max; ++i) delay *= 2;
    delay = std::min(delay, state_.settings.restart_delay_max);
    ++slot.failures;
  }
  slot.deadline = now + delay;
  // Of an incoming generation nobody is restarted, nor is a retiring worker's successor: settle() sends them
  // away.
  if (generation != nullptr && generation->role != Role::incoming && !is_successor(index))
    actions.push_back(RestartDelayed{index, delay});
}

void Pool::kill(std::size_t index, KillReason reason, Actions& actions) {
  if (state_.stopping) state_.killed = true;
  actions.push_back(Kill{index, state_.slots[index].pid, reason});
}

// What follows from the slots' new states, for the generations and for the whole.
void Pool::settle(Time now, Actions& actions) {
  if (state_.finished) return;
  forget_departed(actions);
  if (!state_.stopping) {
    settle_doubts(now, actions);
    settle_retirement(now, actions);
    settle_reload(now, actions);
  }
  const bool at_rest = std::ranges::all_of(
      state_.slots, [](const Slot& slot) { return slot.state == empty || slot.state == refused; });
  if (!at_rest) return;
  state_.finished = true;
  // Not stopping and nobody left: every worker has refused the configuration.
  actions.push_back(Finish{!state_.stopping ? kExitConfiguration : state_.killed ? kExitFailure : kExitOk});
}

bool Pool::turns() const {
  const std::uint64_t number = serving();
  return count(number, overdue) == 0 || count(number, SlotState::ready) > 0;
}

std::uint64_t Pool::serving() const {
  const Generation* generation = generation_with(Role::serving);
  return generation == nullptr ? 0 : generation->number;
}

std::uint64_t Pool::oldest() const {
  const auto found = std::ranges::min_element(state_.generations, {}, &Generation::number);
  return found == state_.generations.end() ? 0 : found->number;
}

std::size_t Pool::serving_ready() const {
  return count(serving(), SlotState::ready);
}

std::size_t Pool::serving_workers() const {
  const Generation* generation = generation_with(Role::serving);
  return generation == nullptr ? 0 : generation->settings.workers;
}

std::size_t Pool::count(std::uint64_t generation, SlotState state) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      state_.slots, [&](const Slot& slot) { return slot.generation == generation && slot.state == state; }));
}

const Generation* Pool::generation_with(Role role) const {
  const auto found = std::ranges::find(state_.generations, role, &Generation::role);
  return found == state_.generations.end() ? nullptr : &*found;
}

Generation* Pool::generation_with(Role role) {
  return const_cast<Generation*>(std::as_const(*this).generation_with(role));
}

Generation* Pool::generation_of(std::size_t slot) {
  const auto found =
      std::ranges::find(state_.generations, state_.slots[slot].generation, &Generation::number);
  return found == state_.generations.end() ? nullptr : &*found;
}

std::optional<std::size_t> Pool::slot_of(pid_t pid) const {
  const auto found = std::ranges::find(state_.slots, pid, &Slot::pid);
  if (pid <= 0 || found == state_.slots.end()) return std::nullopt;
  return static_cast<std::size_t>(found - state_.slots.begin());
}

}  // namespace tasklane
