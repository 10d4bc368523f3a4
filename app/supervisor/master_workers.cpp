// The master's part that hears the workers: what they say on their sockets, and how they end.
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

#include "base/exit_codes.h"
#include "base/log.h"
#include "base/worker_words.h"
#include "supervisor/master.h"

namespace tasklane {

namespace {

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

void Master::hear_workers() {
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    if (places_[slot].channel) hear_worker(slot);
  }
}

void Master::hear_worker(std::size_t slot) {
  char bytes[limits::kLastWordsMaxBytes];
  while (places_[slot].channel) {
    const ssize_t count = ::recv(places_[slot].channel.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return places_[slot].channel.reset();
    take_in(slot, std::string_view(bytes, static_cast<std::size_t>(count)));
  }
}

void Master::take_in(std::size_t slot, std::string_view message) {
  const PoolSlot worker = pool_.slots()[slot];
  const auto begins = [&](std::string_view word) {
    if (!message.starts_with(word)) return false;
    places_[slot].last_words = message.substr(word.size());
    return true;
  };
  if (message == words::kReady) {
    log::info("worker ready",
              {{"slot", slot}, {"generation", worker.generation}, {"worker_pid", worker.pid}});
    obey(pool_.ready(now(), worker.pid));
  } else if (message == words::kReaches || message == words::kReachesNot) {
    obey(pool_.answered(now(), worker.pid, message == words::kReaches));
  } else if (begins(words::kUnreachable)) {
    obey(pool_.doubt(now(), worker.pid, Doubt::unreachable));
  } else if (begins(words::kUnfit)) {
    obey(pool_.doubt(now(), worker.pid, Doubt::unfit));
  } else {
    begins(words::kFailed);
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
    place.channel.reset();
    clear_gauges(metrics_.workers[slot]);
    obey(pool_.exited(now(), pid, end.exit_status == kExitConfiguration));
  }
}

}  // namespace tasklane
