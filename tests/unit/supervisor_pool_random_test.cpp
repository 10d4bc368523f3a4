// Random orders of events in virtual time, against what must hold in every one of them. A failure names its
// seed, which repeats it.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string_view>

#include "base/exit_codes.h"
#include "supervisor/handover.h"
#include "supervisor/pool.h"

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

// The world that the pool acts on: processes that live, get ready, end and die as the dice say.
class World {
 public:
  using Seen = std::array<std::size_t, std::variant_size_v<Action>>;

  World(unsigned seed, Seen& seen)
      : random_(seed),
        seen_(seen),
        workers_(1 + roll(4)),
        pool_({.workers = workers_, .drain_timeout = 5s}) {}

  void play() {
    obey(pool_.start(now_));
    const unsigned turns = 20 + roll(80);
    for (unsigned turn = 0; turn < turns && !finished_; ++turn) happen();
    Handover handover{.pool = pool_.state(), .listen_fd = 3, .metrics_fd = 4};
    for (std::uint64_t number = 1; number <= handover.pool.newest + 1; ++number)
      handover.generations.push_back(
          {.number = number, .adjustable = {.pool = handover.pool.settings}, .values_fd = 5, .keys_fd = 6});
    must(finished_ || decode(encode(handover)).has_value(), "what is handed over can be taken over");
    stop();
  }

 private:
  struct Process {
    std::size_t slot;
    std::uint64_t generation;
    bool ready = false;
    bool serves = false;  // it was told to
    Doubt doubt = Doubt::none;
    Pool::Time doubted_at{};
    bool asked = false;                         // and has not answered
    std::optional<Pool::Time> reached_at = {};  // when it answered that it reaches its database
    bool told = false;  // SIGTERM or SIGKILL is on its way
    bool killed = false;
  };

  // BOOST_TEST would spend most of the time on what holds.
  static void must(bool holds, std::string_view promise) {
    if (!holds) BOOST_ERROR(promise);
  }

  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }

  pid_t any() {
    auto chosen = processes_.begin();
    std::advance(chosen, roll(static_cast<unsigned>(processes_.size())));
    return chosen->first;
  }

  void happen() {
    const unsigned dice = roll(100);
    if (dice < 40 && !processes_.empty()) {
      get_ready(any());
    } else if (dice < 60 && !processes_.empty()) {
      end(any(), roll(6) == 0);
    } else if (dice < 66) {
      PoolSettings wanted = pool_.state().settings;
      if (roll(3) == 0) wanted.workers = 1 + roll(4);
      obey(pool_.reload(now_, wanted));
    } else if (dice < 76 && !processes_.empty()) {
      obey(pool_.retire(now_, any()));
    } else if (dice < 79 && !processes_.empty()) {
      fall_silent(any());
    } else if (dice < 81) {
      obey(pool_.exited(now_, last_pid_ + 100, roll(2) == 0));  // nobody's
    } else {
      pass(std::chrono::milliseconds(roll(4) == 0 ? roll(20'000) : roll(300)));
    }
  }

  // Once, and before it is asked anything. A word of whoever is asked is one of the moment.
  void get_ready(pid_t pid) {
    Process& process = processes_[pid];
    if (process.killed) return;
    if (process.asked) {
      process.asked = false;
      const bool reaches = roll(2) == 0;
      if (reaches) process.reached_at = now_;
      return obey(pool_.answered(now_, pid, reaches));
    }
    if (process.ready) {
      process.doubt = Doubt::none;  // it has found what it lacked
      return obey(pool_.ready(now_, pid));
    }
    process.ready = true;
    if (roll(4) != 0) return obey(pool_.ready(now_, pid));
    process.doubt = roll(2) == 0 ? Doubt::unfit : Doubt::unreachable;
    process.doubted_at = now_;
    obey(pool_.doubt(now_, pid, process.doubt));
  }

  void fall_silent(pid_t pid) {
    for (unsigned look = 0; look <= limits::kHeartbeatsMissedMax && processes_.contains(pid); ++look) {
      silent_ = pid;
      obey(pool_.beat(now_, pid, 1));
      silent_ = 0;
    }
  }

  void stop() {
    bool forced = false;
    if (!finished_) obey(pool_.stop(now_));
    if (roll(3) == 0 && !finished_) {
      forced = std::ranges::any_of(processes_, [](const auto& entry) { return !entry.second.killed; });
      obey(pool_.stop(now_));
    }
    const std::size_t spawned = static_cast<std::size_t>(last_pid_);
    // Some drain, some never do: the deadline kills those. Nothing else may be needed.
    for (int turn = 0; turn < 1000 && !finished_; ++turn) {
      if (roll(3) == 0 && !processes_.empty()) {
        const pid_t pid = any();
        if (processes_[pid].killed || roll(2) == 0) end(pid, roll(9) == 0);
      } else {
        pass(std::chrono::milliseconds(roll(1'000)));
      }
    }
    must(finished_, "a stop ends");
    must(processes_.empty(), "a stop leaves no process");
    must(static_cast<std::size_t>(last_pid_) == spawned, "nobody new while stopping");
    must(!forced || exit_code_ == kExitFailure, "a forced stop is no success");
    must(!pool_.next_deadline().has_value(), "nothing is due after the end");
  }

  void end(pid_t pid, bool refuses) {
    processes_.erase(pid);
    const auto before = pool_.slots();
    obey(pool_.exited(now_, pid, refuses));
    must(pool_.exited(now_, pid, refuses).empty(), "an end is handled once");
    const auto was = std::ranges::find(before, pid, &Pool::Slot::pid);
    must(was != before.end(), "the pool knows every process");
    const auto slot = static_cast<std::size_t>(was - before.begin());
    if (refuses) refused_[{slot, was->generation}] = true;
  }

  void pass(std::chrono::milliseconds time) {
    now_ += time;
    obey(pool_.tick(now_));
    if (const auto due = pool_.next_deadline()) must(*due > now_, "what is due is done");
  }

  void obey(Actions actions) {
    std::deque<Action> queue(actions.begin(), actions.end());
    for (; !queue.empty(); queue.pop_front()) {
      must(!finished_, "Finish is the last word");
      ++seen_[queue.front().index()];
      Actions more;
      if (const auto* spawn = std::get_if<Spawn>(&queue.front())) more = born(*spawn);
      if (const auto* serve = std::get_if<Serve>(&queue.front())) told_to_serve(serve->pid);
      if (const auto* ask = std::get_if<Ask>(&queue.front())) asked(ask->pid);
      if (const auto* gone = std::get_if<GenerationGone>(&queue.front())) left(gone->generation);
      if (const auto* term = std::get_if<Terminate>(&queue.front())) told(term->pid, false);
      if (const auto* kill = std::get_if<Kill>(&queue.front())) told(kill->pid, true);
      if (const auto* delayed = std::get_if<RestartDelayed>(&queue.front())) {
        must(delayed->delay <= limits::kRestartDelayMax, "delays have a cap");
        must(delayed->delay == 0ms || delayed->delay >= limits::kRestartDelayMin, "delays have a floor");
      }
      if (const auto* done = std::get_if<ReloadDone>(&queue.front())) {
        handing_over_ = done->generation;
        reloaded(done->generation);
      }
      if (const auto* finish = std::get_if<Finish>(&queue.front())) {
        finished_ = true;
        exit_code_ = finish->exit_code;
        must(processes_.empty(), "nobody is left behind");
        must(pool_.stopping() || exit_code_ == kExitConfiguration, "only refusals end a pool unasked");
      }
      queue.insert(queue.end(), more.begin(), more.end());
    }
    handing_over_ = 0;
    check();
  }

  Actions born(const Spawn& spawn) {
    must(!spawn.restart || !refused_[{spawn.slot, spawn.generation}], "a refusal is for ever");
    refused_[{spawn.slot, spawn.generation}] = false;
    must(spawn.slot < limits::kSlotsMax, "every slot has its place");
    for (const auto& [pid, process] : processes_) must(process.slot != spawn.slot, "one process a slot");
    if (roll(20) == 0) return pool_.spawn_failed(now_, spawn.slot);
    newest_ = std::max(newest_, spawn.generation);
    processes_[++last_pid_] = {.slot = spawn.slot, .generation = spawn.generation};
    return pool_.spawned(now_, spawn.slot, last_pid_);
  }

  void told_to_serve(pid_t pid) {
    must(processes_.contains(pid), "the living are told to serve");
    Process& process = processes_[pid];
    must(process.ready && !process.told, "who is ready, and stays, serves");
    must(!std::exchange(process.serves, true), "each is told once");
    must(process.generation == pool_.serving(), "a new generation serves when it has taken over");
  }

  void asked(pid_t pid) {
    must(processes_.contains(pid), "the living are asked");
    must(processes_[pid].serves, "those who serve are asked");
    processes_[pid].asked = true;
  }

  void left(std::uint64_t generation) {
    must(std::ranges::none_of(processes_, [&](const auto& p) { return p.second.generation == generation; }),
         "who has gone has no process");
    must(!std::exchange(gone_[generation], true), "each goes once");
  }

  // A reload brings nobody who was refused something, nor anybody without a database in the place of one who
  // has said in time that he reaches his.
  void reloaded(std::uint64_t generation) {
    for (const auto& [pid, process] : processes_) {
      if (process.generation != generation || process.doubt == Doubt::none) continue;
      must(process.doubt != Doubt::unfit, "who is refused something replaces nobody");
      const auto does_more = [at = process.doubted_at](const auto& entry) {
        const Process& other = entry.second;
        return other.serves && !other.told && other.reached_at && *other.reached_at >= at &&
               *other.reached_at - at < limits::kAnswerTimeout;
      };
      must(std::ranges::none_of(processes_, does_more), "who reaches no database replaces nobody who does");
    }
  }

  // Signals go to living processes only; and outside of a stop, a worker that serves is told to go only when
  // a whole generation is there to take over.
  void told(pid_t pid, bool kill) {
    must(processes_.contains(pid), "signals go to the living");
    Process& process = processes_[pid];
    const bool served = process.serves && !process.told;
    process.told = true;
    process.killed = process.killed || kill;
    if (!served || pool_.stopping() || pid == silent_) return;
    must(!kill, "a worker that serves is not killed");
    const auto others = [&](std::uint64_t generation) {
      return static_cast<std::size_t>(std::ranges::count_if(processes_, [&](const auto& entry) {
        return entry.second.ready && !entry.second.told && entry.second.generation == generation;
      }));
    };
    if (process.generation == pool_.serving())
      return must(others(pool_.serving()) > 0, "who retires has a successor that is ready");
    if (handing_over_ == 0)
      return must(process.generation > pool_.serving(), "of a failed reload the old stay");
    must(others(handing_over_) == pool_.serving_workers(), "the old go when all of the new are ready");
  }

  void check() {
    std::map<std::uint64_t, std::size_t> living;
    for (const auto& [pid, process] : processes_) ++living[process.generation];
    must(living.size() <= limits::kGenerationsMax, "generations have a bound");
    std::size_t beyond = 0;
    for (const auto& [number, living_of] : living) {
      const auto generation = std::ranges::find(pool_.state().generations, number, &Generation::number);
      must(generation != pool_.state().generations.end(), "a living worker has a generation");
      if (generation != pool_.state().generations.end() && generation->role != Role::leaving)
        beyond += living_of - std::min(living_of, generation->settings.workers);
    }
    must(beyond <= 1U, "a generation has its size, and one more that retires another");
    // The pool's view of who lives is the world's.
    for (std::size_t slot = 0; slot < pool_.slots().size(); ++slot) {
      const pid_t pid = pool_.slots()[slot].pid;
      must(pid == 0 || (processes_.contains(pid) && processes_[pid].slot == slot),
           "the pool knows who lives");
    }
    for (const PoolSlot& slot : pool_.slots()) {
      if (slot.state == SlotState::ready && slot.generation == pool_.serving())
        must(processes_[slot.pid].serves, "who is ready in the serving generation serves");
    }
    const auto known = std::ranges::count_if(pool_.slots(), [](const auto& slot) { return slot.pid != 0; });
    must(static_cast<std::size_t>(known) == processes_.size(), "the pool knows all who live");
  }

  std::mt19937 random_;
  Seen& seen_;
  unsigned workers_;
  Pool pool_;
  Pool::Time now_{};
  std::map<pid_t, Process> processes_;
  std::map<std::pair<std::size_t, std::uint64_t>, bool> refused_;
  pid_t last_pid_ = 0;
  std::map<std::uint64_t, bool> gone_;
  std::uint64_t newest_ = 0;
  std::uint64_t handing_over_ = 0;
  pid_t silent_ = 0;
  bool finished_ = false;
  int exit_code_ = -1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_random)

BOOST_AUTO_TEST_CASE(keeps_its_promises_in_any_order_of_events) {
  World::Seen seen{};
  for (unsigned seed = 1; seed <= 12'000; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      World(seed, seen).play();
    }
  }
  // The dice have tried everything, and often.
  for (const std::size_t count : seen) BOOST_TEST(count > 500U);
}

BOOST_AUTO_TEST_SUITE_END()
