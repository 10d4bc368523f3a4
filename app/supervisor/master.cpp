#include "supervisor/master.h"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "base/exit_codes.h"
#include "base/log.h"
#include "supervisor/vitals.h"

namespace tasklane {

namespace {

Descriptor take_over_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a parent, it would reap our workers unseen
  sigset_t taken;
  ::sigemptyset(&taken);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR2, SIGCHLD}) ::sigaddset(&taken, number);
  ::sigprocmask(SIG_BLOCK, &taken, nullptr);
  Descriptor fd(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

void tell_end(const PoolSlot& slot, std::size_t index, pid_t pid, const Ending& end) {
  // Told to drain before it could listen to signals, a worker ends by the signal itself.
  const bool unborn = !slot.ready_since && end.signal == "SIGTERM";
  const bool expected = slot.state == SlotState::draining && (end.exit_status == kExitOk || unborn);
  const auto tell = expected ? log::info : log::warning;
  const log::Field how = end.signal.empty() ? log::Field("status", end.exit_status)
                                            : log::Field("signal", std::string_view(end.signal));
  tell("worker exited", {{"slot", index},
                         {"generation", slot.generation},
                         {"worker_pid", pid},
                         how,
                         {"state", spelling(slot.state)}});
}

std::string describe(const Ending& end) {
  return end.signal.empty() ? "exited with status " + std::to_string(end.exit_status)
                            : "was ended by " + end.signal;
}

}  // namespace

Master::Master(MasterSettings settings, Metrics& metrics)
    : settings_(std::move(settings)),
      wanted_(settings_.adjustable),
      metrics_fd_(metrics.fd()),
      metrics_(metrics.layout()),
      pool_(settings_.adjustable.pool),
      service_notifier_(ServiceNotifier::from_environment()),
      signals_(take_over_signals()) {}

Master::Master(MasterSettings settings, Metrics& metrics, const Handover& handover)
    : Master(std::move(settings), metrics) {
  took_over_ = told_ready_ = true;
  pool_ = Pool(handover.pool);
  places_.resize(pool_.slots().size());
  for (const auto& pipe : handover.ready_pipes) places_[pipe.slot].ready = Descriptor(pipe.fd);
  for (const auto& waiter : handover.waiters) control_.adopt(waiter);
}

int Master::run(const MasterSockets& sockets) {
  sockets_ = sockets;
  control_.listen(sockets.control_fd);
  begin();
  while (!exit_code_) {
    publish();
    wait();
    Pending pending;
    hear_signals(pending);
    hear_workers();  // before reaping: a worker may have been ready before it ended
    if (pending.child) reap();
    if (pending.reload) std::ignore = request_reload();
    if (pending.upgrade) request_upgrade();
    hear_operators();
    for (; pending.stops > 0; --pending.stops) stop();
    look_at_workers();
    check_deadline();
    obey(pool_.tick(now()));
  }
  control_.tell_everybody("failed: the master has stopped");
  return *exit_code_;
}

// Workers that drain have let go of the socket: who waits in its queue, or comes now, would hang until nginx
// gives up on them. Turned away, it is an immediate 502. In a socket that the service manager holds they wait
// for the next master instead.
void Master::turn_away() {
  if (sockets_.listen_path.empty()) return;
  ::shutdown(sockets_.listen_fd, SHUT_RD);
  while (Descriptor(::accept4(sockets_.listen_fd, nullptr, nullptr, SOCK_CLOEXEC))) continue;
}

void Master::begin() {
  if (!took_over_) return obey(pool_.start(now()));
  add(metrics_.upgrades);
  reap();  // who ended while nobody looked
  const auto generation = request_reload();
  if (!generation)
    return control_.tell_upgrade_failed("failed: the master is upgraded, but: " + generation.error());
  control_.await_upgrade(*generation);
}

std::optional<Pool::Time> Master::next_deadline() const {
  std::optional<Pool::Time> next =
      std::min(next_look_, service_notifier_.watchdog_interval() ? next_alive_ : Pool::Time::max());
  if (check_) next = std::min(*next, check_->deadline);
  for (const auto& other : {pool_.next_deadline(), control_.next_deadline()}) {
    if (other) next = std::min(*next, *other);
  }
  return next;
}

void Master::wait() {
  polled_.clear();
  polled_.push_back({signals_.get(), POLLIN, 0});
  for (const Place& place : places_) {
    if (place.ready) polled_.push_back({place.ready.get(), POLLIN, 0});
  }
  control_.watch(polled_);
  // Rounded up: waking just before the deadline would turn the loop for nothing.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_deadline().value() - now());
  const int timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
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
    } else if (number == SIGUSR2) {
      pending.upgrade = true;
    } else {
      ++pending.stops;
    }
  }
}

void Master::stop() {
  log::info(pool_.stopping() ? "stopping at once" : "draining");
  if (!pool_.stopping()) {
    service_notifier_.stopping();
    control_.tell_everybody("failed: the master is stopping");
  }
  obey(pool_.stop(now()));
  turn_away();
}

void Master::hear_workers() {
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    if (!places_[slot].ready || !hear_worker(slot)) continue;
    const PoolSlot& worker = pool_.slots()[slot];
    log::info("worker ready",
              {{"slot", slot}, {"generation", worker.generation}, {"worker_pid", worker.pid}});
    obey(pool_.ready(now(), worker.pid));
  }
}

// True when it says that it is ready. Anything else it says is why it is not; its end will follow.
bool Master::hear_worker(std::size_t slot) {
  Place& place = places_[slot];
  char bytes[256];
  while (true) {
    const ssize_t count = ::read(place.ready.get(), bytes, sizeof bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (count <= 0 || place.last_words.size() >= limits::kLastWordsMaxBytes) {
      place.ready.reset();
      return false;
    }
    if (place.last_words.empty() && bytes[0] == 'R') {
      place.ready.reset();
      return true;
    }
    place.last_words.append(bytes, static_cast<std::size_t>(count));
  }
}

void Master::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const Ending end = ending(status);
    if (check_ && check_->process.pid == pid) {
      end_check(end);
      continue;
    }
    const auto found = std::ranges::find(pool_.slots(), pid, &PoolSlot::pid);
    if (found == pool_.slots().end()) continue;  // as a container's first process: somebody's orphan
    const auto slot = static_cast<std::size_t>(found - pool_.slots().begin());
    Place& place = places_[slot];
    tell_end(*found, slot, pid, end);
    if (place.failure.empty()) place.failure = place.last_words.empty() ? describe(end) : place.last_words;
    place.ready.reset();
    clear_gauges(metrics_.workers[slot]);
    obey(pool_.exited(now(), pid, end.exit_status == kExitConfiguration));
  }
}

// Once a second: who has stopped turning, who is due to retire. A worker is judged by its heartbeat from the
// moment on that it has put its process id beside it.
void Master::look_at_workers() {
  if (now() < next_look_) return;
  next_look_ = now() + limits::kHeartbeatLookInterval;
  for (std::size_t index = 0; index < pool_.slots().size(); ++index) {
    const PoolSlot worker = pool_.slots()[index];
    const WorkerMetrics& numbers = metrics_.workers[index];
    if (worker.pid == 0 || read(numbers.pid) != static_cast<std::uint64_t>(worker.pid)) continue;
    obey(pool_.beat(now(), worker.pid, read(numbers.heartbeat)));
    const RetireAt& at = settings_.adjustable.retire_at;
    const bool asked_enough = at.requests != 0 && read(numbers.requests_answered) >= at.requests;
    const bool grown = at.rss_bytes != 0 && resident_bytes(worker.pid).value_or(0) >= at.rss_bytes;
    if (asked_enough || grown) obey(pool_.retire(now(), worker.pid));
  }
}

// What others see of the pool.
void Master::publish() {
  const auto count = [&](SlotState state) {
    return static_cast<std::uint64_t>(std::ranges::count_if(pool_.slots(), [&](const PoolSlot& slot) {
      return slot.generation == pool_.serving() && slot.state == state;
    }));
  };
  metrics_.workers_configured = pool_.serving_workers();
  metrics_.generation = pool_.serving();
  metrics_.workers_ready = count(SlotState::ready);
  metrics_.workers_waiting = count(SlotState::waiting);
  metrics_.workers_refused = count(SlotState::refused);
  if (!told_ready_ && pool_.serving_ready() > 0) {
    told_ready_ = true;
    service_notifier_.ready();
  }
  service_notifier_.status(status_sentence(pool_, last_reload_));
  const auto interval = service_notifier_.watchdog_interval();
  if (!interval || now() < next_alive_) return;
  next_alive_ = now() + *interval;
  if (pool_.turns()) service_notifier_.alive();
}

}  // namespace tasklane
