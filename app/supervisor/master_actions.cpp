// The master's part that carries out what the pool asks for, and tells.
#include <fmt/format.h>

#include <sys/socket.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/exit_codes.h"
#include "base/log.h"
#include "base/worker_words.h"
#include "supervisor/master.h"
#include "supervisor/placement.h"

namespace tasklane {

namespace {

std::string_view sentence(KillReason reason) {
  switch (reason) {
    case KillReason::not_ready_in_time:
      return "not ready in time";
    case KillReason::not_drained_in_time:
      return "not drained in time";
    case KillReason::stopped_turning:
      return "stopped turning";
    case KillReason::asked_for:
      return "second stop signal";
  }
  std::abort();
}

Counter* counter(MetricsLayout& metrics, KillReason reason) {
  switch (reason) {
    case KillReason::not_ready_in_time:
      return &metrics.kills_not_ready;
    case KillReason::not_drained_in_time:
      return &metrics.kills_not_drained;
    case KillReason::stopped_turning:
      return &metrics.kills_stopped_turning;
    case KillReason::asked_for:
      return nullptr;
  }
  std::abort();
}

}  // namespace

// Spawning answers the pool at once, so that actions may bring further ones: they queue up.
void Master::obey(Actions actions) {
  const bool under_way = !queue_.empty();
  queue_.insert(queue_.end(), actions.begin(), actions.end());
  if (under_way) return;
  while (!queue_.empty()) {
    std::visit([this](const auto& action) { carry_out(action); }, Action(queue_.front()));
    queue_.pop_front();
  }
}

std::optional<std::size_t> Master::processor(const Adjustable& of) const {
  if (!of.cpu_affinity) return std::nullopt;
  std::vector<pid_t> workers;
  for (const PoolSlot& slot : pool_.slots()) {
    if (slot.pid != 0) workers.push_back(slot.pid);
  }
  return processor_for_worker(of.pool.workers, workers);
}

void Master::carry_out(const Spawn& action) {
  if (action.restart) add(metrics_.worker_restarts);
  if (places_.size() <= action.slot) places_.resize(action.slot + 1);
  Place& place = places_[action.slot];
  place = {};
  const GenerationFiles& files = generations_.at(action.generation);
  const Inheritance inheritance{.listen_fd = sockets_.listen_fd,
                                .metrics_fd = metrics_fd_,
                                .values_fd = files.values.get(),
                                .keys_fd = files.keys.get(),
                                .tcp_listen_fd = sockets_.tcp_listen_fd};
  auto worker = spawn_worker(
      settings_.worker, inheritance,
      {.slot = action.slot, .generation = action.generation, .processor = processor(files.adjustable)});
  if (!worker) {
    log::error("worker could not be started", {{"slot", action.slot}, {"error", worker.error()}});
    place.failure = worker.error();
    return obey(pool_.spawn_failed(now(), action.slot));
  }
  log::info("worker started",
            {{"slot", action.slot}, {"generation", action.generation}, {"worker_pid", worker->pid}});
  place.channel = std::move(worker->channel);
  obey(pool_.spawned(now(), action.slot, worker->pid));
}

// A message that does not fit any more is one to a worker that stands still: its heartbeat tells.
void Master::say(std::size_t slot, std::string_view word) {
  if (!places_[slot].channel) return;
  [[maybe_unused]] const ssize_t sent =
      ::send(places_[slot].channel.get(), word.data(), word.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Master::carry_out(const Serve& action) {
  const std::string lacks = std::exchange(places_[action.slot].last_words, {});
  if (!lacks.empty())
    log::warning("worker serves without what it needs",
                 {{"slot", action.slot}, {"worker_pid", action.pid}, {"why", lacks}});
  say(action.slot, words::kServe);
}

void Master::carry_out(const Ask& action) {
  say(action.slot, words::kTry);
}

// The process ids below are ours until reap() has seen their end: they name no other process.
void Master::carry_out(const Terminate& action) {
  log::info("worker drains", {{"slot", action.slot}, {"worker_pid", action.pid}});
  ::kill(action.pid, SIGTERM);
}

void Master::carry_out(const Kill& action) {
  log::warning("worker killed",
               {{"slot", action.slot}, {"worker_pid", action.pid}, {"reason", sentence(action.reason)}});
  places_[action.slot].failure = fmt::format("was killed: {}", sentence(action.reason));
  if (Counter* const kills = counter(metrics_, action.reason); kills != nullptr) add(*kills);
  ::kill(action.pid, SIGKILL);
}

void Master::carry_out(const Finish& action) {
  if (action.exit_code == kExitConfiguration)
    log::error("every worker refuses its configuration: nobody is left to serve");
  exit_code_ = action.exit_code;
}

void Master::carry_out(const RestartDelayed& action) {
  log::info("worker will be restarted", {{"slot", action.slot}, {"delay_ms", action.delay.count()}});
}

void Master::carry_out(const RestartRefused& action) {
  log::error("worker refuses its configuration and is not restarted",
             {{"slot", action.slot}, {"why", places_[action.slot].failure}});
}

void Master::carry_out(const ReloadStarted& action) {
  log::info("reload started", {{"generation", action.generation}});
}

void Master::carry_out(const ReloadDone& action) {
  const Adjustable& now_in_force = generations_.at(action.generation).adjustable;
  log::set_up("master", now_in_force.log_level, now_in_force.log_format);
  log::info("reload done: the old generation drains", {{"generation", action.generation}});
  add(metrics_.reloads_done);
  metrics_.last_reload_failed = 0;
  metrics_.last_reload_at_seconds = static_cast<std::uint64_t>(std::time(nullptr));
  last_reload_ = {.generation = action.generation, .at_seconds = std::time(nullptr)};
}

// A doubtful worker has not failed: its words are the reason.
void Master::carry_out(const ReloadFailed& action) {
  const Place& place = places_[action.slot];
  reload_failed(action.generation, fmt::format("the worker of slot {}: {}", action.slot,
                                               place.failure.empty() ? place.last_words : place.failure));
}

// Whoever waits for a reload waits until no request can reach a worker of before.
void Master::carry_out(const GenerationGone& action) {
  log::info("generation gone", {{"generation", action.generation}});
  generations_.erase(action.generation);
  control_.tell_done(pool_.oldest());
  tell_manager_when_settled();
}

void Master::carry_out(const RetirementStarted& action) {
  log::info("worker retires: its successor gets ready first",
            {{"slot", action.slot},
             {"worker_pid", pool_.slots()[action.slot].pid},
             {"requests", read(metrics_.workers[action.slot].requests_answered)},
             {"successor", action.successor}});
  add(metrics_.retirements);
}

void Master::carry_out(const RetirementFailed& action) {
  log::error("worker stays: its successor failed", {{"slot", action.slot}});
}

}  // namespace tasklane
