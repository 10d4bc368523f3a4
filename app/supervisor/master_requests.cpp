// The master's part that answers operators: reloads, upgrades, questions.
#include <csignal>
#include <ctime>
#include <utility>

#include "base/log.h"
#include "supervisor/master.h"

namespace tasklane {

void Master::hear_operators() {
  for (const auto& [client, verb, waits] : control_.hear(now())) {
    switch (verb) {
      case Control::Command::Verb::status:
        control_.answer(client, status_json(pool_, last_reload_, turned_away_at().has_value()));
        break;
      case Control::Command::Verb::reload:
        if (const auto generation = request_reload(); !generation) {
          control_.answer(client, "failed: " + generation.error());
        } else if (waits) {
          control_.let_wait(client, *generation);
          if (!pool_.reloading())  // over at once: no worker could be spawned
            control_.tell_failed(*generation, "failed: " + last_reload_.why);
        } else {
          control_.answer(client, "accepted");
        }
        break;
      case Control::Command::Verb::drain:
        announce_drain();
        if (waits) {
          control_.let_wait(client, Control::kDrain);  // until look_at_drain() finds it over
        } else {
          control_.answer(client, "accepted");
        }
        break;
      case Control::Command::Verb::upgrade:
        if (waits) {
          control_.let_wait(client, Control::kUpgrade);
        } else {
          control_.answer(client, "accepted");
        }
        request_upgrade();
        break;
    }
  }
}

std::expected<std::uint64_t, std::string> Master::request_reload() {
  if (stopping()) return std::unexpected("the master is stopping");
  reopen_log();
  service_notifier_.reloading();
  const auto read = settings_.reread();
  auto files = read ? freeze(*read) : std::unexpected(read.error());
  if (!files) {
    reload_failed(0, files.error());
    return std::unexpected(files.error());
  }
  if (pool_.reloading()) log::info("reload asked for again: once more after the one under way");
  const std::uint64_t number = pool_.state().newest + 1;  // it will have, at once or later
  generations_.insert_or_assign(number, std::move(*files));
  obey(pool_.reload(now(), read->adjustable.pool));
  return number;
}

void Master::reopen_log() {
  if (const std::string why = log_file_.reopen(); !why.empty())
    log::warning("the log cannot be opened anew: the file of before is written on", {{"why", why}});
}

void Master::reload_failed(std::uint64_t generation, const std::string& why) {
  log::error("reload failed: the old generation stays", {{"generation", generation}, {"why", why}});
  add(metrics_.reloads_failed);
  metrics_.last_reload_failed = 1;
  metrics_.last_reload_at_seconds = static_cast<std::uint64_t>(std::time(nullptr));
  last_reload_ = {.generation = generation, .failed = true, .at_seconds = std::time(nullptr), .why = why};
  tell_manager_when_settled();
  if (generation != 0) control_.tell_failed(generation, "failed: " + why);
}

void Master::tell_manager_when_settled() {
  if (!pool_.reloading() && pool_.oldest() == pool_.serving()) service_notifier_.ready();
}

void Master::request_upgrade() {
  if (stopping()) return fail_upgrade("the master is stopping");
  if (check_) return;  // whoever waits for it hears the same
  reopen_log();        // the new program knows but the name that the file has then
  log::info("upgrade: asking the new executable", {{"path", settings_.executable}});
  auto asked = ask_successor(settings_.executable, handover());
  if (!asked) return fail_upgrade(asked.error());
  check_.emplace(std::move(*asked), now() + limits::kUpgradeCheckTimeout);
}

void Master::fail_upgrade(const std::string& why) {
  log::error("upgrade failed: the old executable goes on", {{"why", why}});
  control_.tell_upgrade_failed("failed: " + why);
}

void Master::check_deadline() {
  if (!check_ || check_->late || now() < check_->deadline) return;
  check_->late = true;
  check_->deadline = Pool::Time::max();
  ::kill(check_->process.pid, SIGKILL);
}

// It said yes: this process becomes it, and the call below does not come back.
void Master::end_check(const Ending& end) {
  std::string said(limits::kLastWordsMaxBytes, '\0');
  const ssize_t count = ::read(check_->process.output.get(), said.data(), said.size());
  said.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  while (said.ends_with('\n')) said.pop_back();
  const bool late = check_->late;
  check_.reset();
  if (late) return fail_upgrade("the new executable did not answer in time");
  if (end.exit_status != 0)
    return fail_upgrade("the new executable refuses to take over: " +
                        (said.empty() ? "status " + std::to_string(end.exit_status) : said));
  if (stopping()) return fail_upgrade("the master is stopping");
  log::info("upgrade: executing the new executable", {{"path", settings_.executable}});
  fail_upgrade(become_successor(settings_.executable, settings_.command, handover()));
}

Handover Master::handover() const {
  Handover state{.pool = pool_.state(),
                 .listen_fd = sockets_.listen_fd,
                 .listen_path = sockets_.listen_path,
                 .control_fd = sockets_.control_fd,
                 .control_path = sockets_.control_path,
                 .tcp_listen_fd = sockets_.tcp_listen_fd,
                 .tcp_address = sockets_.tcp_address,
                 .metrics_fd = metrics_fd_,
                 .waiters = control_.waiters()};
  for (const auto& [number, files] : generations_)
    state.generations.push_back({.number = number,
                                 .adjustable = files.adjustable,
                                 .values_fd = files.values.get(),
                                 .keys_fd = files.keys.get()});
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    if (places_[slot].channel) state.channels.push_back({slot, places_[slot].channel.get()});
  }
  return state;
}

}  // namespace tasklane
