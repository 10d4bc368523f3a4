#include "supervisor/master.h"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/exit_codes.h"
#include "base/log.h"

namespace tasklane {

namespace {

Pool::Time now() {
  return std::chrono::steady_clock::now();
}

Descriptor take_over_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a parent, it would reap our workers unseen
  sigset_t taken;
  ::sigemptyset(&taken);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD}) ::sigaddset(&taken, number);
  ::sigprocmask(SIG_BLOCK, &taken, nullptr);
  Descriptor fd(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

std::string_view words(KillReason reason) {
  switch (reason) {
    case KillReason::not_ready_in_time:
      return "not ready in time";
    case KillReason::not_drained_in_time:
      return "not drained in time";
    case KillReason::asked_for:
      return "second stop signal";
  }
  std::abort();
}

void tell_end(const Pool::Slot& slot, std::size_t index, pid_t pid, const Ending& end) {
  // Told to drain before it could listen to signals, a worker ends by the signal itself.
  const bool unborn = !slot.ready_since && end.signal == "SIGTERM";
  const bool expected = slot.state == SlotState::draining && (end.exit_status == kExitOk || unborn);
  const auto tell = expected ? log::info : log::warning;
  if (end.signal.empty()) {
    tell("worker exited", {{"slot", index},
                           {"generation", slot.generation},
                           {"worker_pid", pid},
                           {"status", end.exit_status},
                           {"state", spelling(slot.state)}});
  } else {
    tell("worker exited", {{"slot", index},
                           {"generation", slot.generation},
                           {"worker_pid", pid},
                           {"signal", end.signal},
                           {"state", spelling(slot.state)}});
  }
}

}  // namespace

Master::Master(const MasterSettings& settings, Metrics& metrics)
    : settings_(settings),
      inheritance_{-1, metrics.fd()},
      metrics_(metrics.layout()),
      pool_(PoolSettings{.workers = settings.workers, .drain_timeout = settings.drain_timeout}),
      signals_(take_over_signals()),
      ready_pipes_(2 * settings.workers),
      polled_(1 + ready_pipes_.size()) {
  metrics_.workers_configured = settings.workers;
}

int Master::run(int listen_fd) {
  inheritance_.listen_fd = listen_fd;
  obey(pool_.start(now()));
  while (!exit_code_) {
    wait();
    Pending pending;
    hear_signals(pending);
    hear_workers();  // before reaping: a worker may have been ready before it ended
    if (pending.child) reap();
    if (pending.reload) obey(pool_.reload(now()));
    for (; pending.stops > 0; --pending.stops) {
      log::info(pool_.stopping() ? "stopping at once" : "draining");
      obey(pool_.stop(now()));
      turn_away();
    }
    obey(pool_.tick(now()));
  }
  return *exit_code_;
}

// Workers that drain have let go of the socket: who waits in its queue, or comes now, would hang until nginx
// gives up on them. Turned away, it is an immediate 502.
void Master::turn_away() {
  ::shutdown(inheritance_.listen_fd, SHUT_RD);
  while (Descriptor(::accept4(inheritance_.listen_fd, nullptr, nullptr, SOCK_CLOEXEC))) continue;
}

void Master::wait() {
  polled_[0] = {signals_.get(), POLLIN, 0};
  for (std::size_t slot = 0; slot < ready_pipes_.size(); ++slot)
    polled_[1 + slot] = {ready_pipes_[slot].get(), POLLIN, 0};  // poll(2) passes over -1
  int timeout_ms = -1;
  if (const auto deadline = pool_.next_deadline()) {
    // Rounded up: waking just before the deadline would turn the loop for nothing.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - now());
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }
  if (::poll(polled_.data(), polled_.size(), timeout_ms) < 0 && errno != EINTR)
    throw std::system_error(errno, std::generic_category(), "poll");
}

void Master::hear_signals(Pending& pending) {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGCHLD) {
      pending.child = true;
    } else if (number == SIGHUP) {
      pending.reload = true;
    } else {
      ++pending.stops;
    }
  }
}

void Master::hear_workers() {
  for (std::size_t slot = 0; slot < ready_pipes_.size(); ++slot) {
    Descriptor& pipe = ready_pipes_[slot];
    if (!pipe) continue;
    char said = 0;
    const ssize_t count = ::read(pipe.get(), &said, 1);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    pipe.reset();
    if (count != 1 || said != 'R') continue;  // its end or its deadline will follow
    const Pool::Slot& worker = pool_.slots()[slot];
    log::info("worker ready",
              {{"slot", slot}, {"generation", worker.generation}, {"worker_pid", worker.pid}});
    obey(pool_.ready(now(), worker.pid));
  }
}

void Master::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto found = std::ranges::find(pool_.slots(), pid, &Pool::Slot::pid);
    if (found == pool_.slots().end()) continue;  // as a container's first process: somebody's orphan
    const auto slot = static_cast<std::size_t>(found - pool_.slots().begin());
    const Ending end = ending(status);
    tell_end(*found, slot, pid, end);
    ready_pipes_[slot].reset();
    clear_gauges(metrics_.workers[slot]);
    obey(pool_.exited(now(), pid, end.exit_status == kExitConfiguration));
  }
}

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

void Master::carry_out(const Spawn& action) {
  if (action.restart) add(metrics_.worker_restarts);
  auto worker = spawn_worker(settings_.worker, inheritance_, action.slot, action.generation);
  if (!worker) {
    log::error("worker could not be started", {{"slot", action.slot}, {"error", worker.error()}});
    return obey(pool_.spawn_failed(now(), action.slot));
  }
  log::info("worker started",
            {{"slot", action.slot}, {"generation", action.generation}, {"worker_pid", worker->pid}});
  ready_pipes_[action.slot] = std::move(worker->ready);
  obey(pool_.spawned(now(), action.slot, worker->pid));
}

// The process ids below are ours until reap() has seen their end: they name no other process.
void Master::carry_out(const Terminate& action) {
  log::info("worker drains", {{"slot", action.slot}, {"worker_pid", action.pid}});
  ::kill(action.pid, SIGTERM);
}

void Master::carry_out(const Kill& action) {
  log::warning("worker killed",
               {{"slot", action.slot}, {"worker_pid", action.pid}, {"reason", words(action.reason)}});
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
  log::error("worker refuses its configuration and is not restarted", {{"slot", action.slot}});
}

void Master::carry_out(const ReloadStarted& action) {
  log::info("reload started", {{"generation", action.generation}});
}

void Master::carry_out(const ReloadDone& action) {
  log::info("reload done: the old generation drains", {{"generation", action.generation}});
}

void Master::carry_out(const ReloadFailed& action) {
  log::error("reload failed: the old generation stays", {{"generation", action.generation}});
}

}  // namespace tasklane
