#pragma once
// A pool in virtual time, with every action written down in a word or two.

#include <boost/test/unit_test.hpp>
#include <string>

#include "supervisor/pool.h"

namespace tasklane {

using namespace std::chrono_literals;

struct Stage {
  Pool pool;
  Pool::Time now{};
  pid_t last_pid = 0;
  std::string served = {};  // the process ids that were told to serve, in order
  std::string gone = {};    // the generations that have gone

  explicit Stage(std::size_t workers = 2) : pool({.workers = workers, .drain_timeout = 30s}) {}

  // Spawns are answered at once, as the master does; process ids count from 1.
  std::string told(const Actions& actions) {
    std::string words;
    const auto add = [&](const std::string& word) { words += (words.empty() ? "" : " ") + word; };
    for (const Action& action : actions) {
      if (const auto* spawn = std::get_if<Spawn>(&action)) {
        add((spawn->restart ? "respawn:" : "spawn:") + std::to_string(spawn->slot));
        const std::string more = told(pool.spawned(now, spawn->slot, ++last_pid));
        if (!more.empty()) add(more);
      }
      if (const auto* serve = std::get_if<Serve>(&action)) served += std::to_string(serve->pid) + ' ';
      if (const auto* left = std::get_if<GenerationGone>(&action))
        gone += std::to_string(left->generation) + ' ';
      if (const auto* ask = std::get_if<Ask>(&action)) add("ask:" + std::to_string(ask->pid));
      if (const auto* term = std::get_if<Terminate>(&action)) add("term:" + std::to_string(term->pid));
      if (const auto* kill = std::get_if<Kill>(&action)) add("kill:" + std::to_string(kill->pid));
      if (const auto* finish = std::get_if<Finish>(&action))
        add("finish:" + std::to_string(finish->exit_code));
      if (const auto* delayed = std::get_if<RestartDelayed>(&action))
        add("delay:" + std::to_string(delayed->delay.count()));
      if (const auto* refused = std::get_if<RestartRefused>(&action))
        add("refused:" + std::to_string(refused->slot));
      if (std::holds_alternative<ReloadStarted>(action)) add("reload");
      if (std::holds_alternative<ReloadDone>(action)) add("reloaded");
      if (const auto* failed = std::get_if<ReloadFailed>(&action))
        add("reload-failed:" + std::to_string(failed->slot));
      if (const auto* begun = std::get_if<RetirementStarted>(&action))
        add("retire:" + std::to_string(begun->slot));
      if (const auto* failed = std::get_if<RetirementFailed>(&action))
        add("retire-failed:" + std::to_string(failed->slot));
    }
    return words;
  }

  std::string start() { return told(pool.start(now)); }
  std::string stop() { return told(pool.stop(now)); }
  std::string reload() { return told(pool.reload(now, pool.state().settings)); }
  std::string reload(std::size_t workers) {
    PoolSettings settings = pool.state().settings;
    settings.workers = workers;
    return told(pool.reload(now, settings));
  }
  std::string retire(pid_t pid) { return told(pool.retire(now, pid)); }
  std::string beat(pid_t pid, std::uint64_t number) { return told(pool.beat(now, pid, number)); }
  std::string ready(pid_t pid) { return told(pool.ready(now, pid)); }
  std::string doubt(pid_t pid, Doubt doubt = Doubt::unreachable) { return told(pool.doubt(now, pid, doubt)); }
  std::string answer(pid_t pid, bool reaches) { return told(pool.answered(now, pid, reaches)); }
  std::string exit(pid_t pid, bool refuses = false) { return told(pool.exited(now, pid, refuses)); }
  std::string after(std::chrono::milliseconds time) {
    now += time;
    return told(pool.tick(now));
  }
  void serve() {
    start();
    for (pid_t pid = 1; pid <= static_cast<pid_t>(pool.slots().size()); ++pid) ready(pid);
  }
  std::string state(std::size_t slot) const { return std::string(spelling(pool.slots()[slot].state)); }
};

}  // namespace tasklane
