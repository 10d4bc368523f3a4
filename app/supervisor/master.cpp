#include "supervisor/master.h"

#include <sys/signalfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

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

}  // namespace

Master::Master(MasterSettings settings, Metrics& metrics, Pool pool)
    : settings_(std::move(settings)),
      metrics_fd_(metrics.fd()),
      metrics_(metrics.layout()),
      pool_(std::move(pool)),
      service_notifier_(ServiceNotifier::from_environment()),
      signals_(take_over_signals()) {}

Master::Master(MasterSettings settings, Metrics& metrics, const Reading& first)
    : Master(std::move(settings), metrics, Pool(first.adjustable.pool)) {
  auto files = freeze(first);
  if (!files) throw std::runtime_error(files.error());
  generations_.emplace(1, std::move(*files));
}

Master::Master(MasterSettings settings, Metrics& metrics, const Handover& handover)
    : Master(std::move(settings), metrics, Pool(handover.pool)) {
  took_over_ = told_ready_ = true;
  for (const auto& given : handover.generations) {
    generations_.emplace(given.number, GenerationFiles{given.adjustable, Descriptor(given.values_fd),
                                                       Descriptor(given.keys_fd)});
  }
  places_.resize(pool_.slots().size());
  for (const auto& channel : handover.channels) places_[channel.slot].channel = Descriptor(channel.fd);
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
    look_at_drain();
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
  // By TCP the kernel resets those in the queue itself.
  if (sockets_.tcp_listen_fd >= 0) ::shutdown(sockets_.tcp_listen_fd, SHUT_RD);
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
  if (!pool_.reloading())  // over at once: no worker could be spawned
    control_.tell_failed(*generation, "failed: " + last_reload_.why);
}

std::optional<Pool::Time> Master::next_deadline() const {
  std::optional<Pool::Time> next =
      std::min(next_look_, service_notifier_.watchdog_interval() ? next_alive_ : Pool::Time::max());
  if (check_) next = std::min(*next, check_->deadline);
  if (const auto at = turned_away_at(); at && !pool_.stopping() && *at > now()) next = std::min(*next, *at);
  for (const auto& other : {pool_.next_deadline(), control_.next_deadline()}) {
    if (other) next = std::min(*next, *other);
  }
  return next;
}

void Master::wait() {
  polled_.clear();
  polled_.push_back({signals_.get(), POLLIN, 0});
  for (const Place& place : places_) {
    if (place.channel) polled_.push_back({place.channel.get(), POLLIN, 0});
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

// The first one waits for the drain's delay, the second one does not, one more kills.
void Master::stop() {
  if (stopping()) return leave();
  announce_drain();
  asked_to_stop_ = true;
  const auto at = now();
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(*turned_away_at(), at) - at);
  service_notifier_.stopping(left + pool_.state().settings.drain_timeout + limits::kStopMargin);
  control_.tell_everybody("failed: the master is stopping");
  if (left.count() == 0) return leave();
  log::info("stopping when load balancers have turned away", {{"in_ms", left.count()}});
}

// /readyz says 503 from now on. Kept in the shared memory, so that a new executable knows it, too.
void Master::announce_drain() {
  if (turned_away_at()) return;
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
  metrics_.draining_since_ms = static_cast<std::uint64_t>(since);
  log::info("not ready any more: load balancers turn away",
            {{"delay_ms", generations_.at(pool_.serving()).adjustable.drain_delay.count()}});
}

// When balancers have turned away; empty: there is no drain.
std::optional<Pool::Time> Master::turned_away_at() const {
  const std::uint64_t since = read(metrics_.draining_since_ms);
  if (since == 0) return std::nullopt;
  return Pool::Time(std::chrono::milliseconds(since)) +
         generations_.at(pool_.serving()).adjustable.drain_delay;
}

void Master::look_at_drain() {
  if (pool_.stopping()) return;
  const auto at = turned_away_at();
  if (!at || now() < *at) return;
  control_.tell_drained();
  if (asked_to_stop_) leave();
}

void Master::leave() {
  log::info(pool_.stopping() ? "stopping at once" : "draining");
  control_.tell_drained();
  obey(pool_.stop(now()));
  turn_away();
}

// Once a second: who has stopped turning, who is due to retire. A worker is judged by its heartbeat from the
// moment on that it has put its process id beside it.
void Master::look_at_workers() {
  if (now() < next_look_) return;
  next_look_ = now() + limits::kHeartbeatLookInterval;
  const RetireAt at = generations_.at(pool_.serving()).adjustable.retire_at;
  for (std::size_t index = 0; index < pool_.slots().size(); ++index) {
    const PoolSlot worker = pool_.slots()[index];
    const WorkerMetrics& numbers = metrics_.workers[index];
    if (worker.pid == 0 || read(numbers.pid) != static_cast<std::uint64_t>(worker.pid)) continue;
    obey(pool_.beat(now(), worker.pid, read(numbers.heartbeat)));
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
  // systemd is told when the whole pool is ready. It does not wait for a worker that cannot get ready.
  const bool tried =
      count(SlotState::spawning) + count(SlotState::starting) + count(SlotState::doubtful) == 0;
  if (!told_ready_ && tried && pool_.serving_ready() > 0) {
    told_ready_ = true;
    service_notifier_.ready();
  }
  service_notifier_.status(status_sentence(pool_, last_reload_, turned_away_at().has_value()));
  const auto interval = service_notifier_.watchdog_interval();
  if (!interval || now() < next_alive_) return;
  next_alive_ = now() + *interval;
  if (pool_.turns()) service_notifier_.alive();
}

}  // namespace tasklane
