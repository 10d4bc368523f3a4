// Random orders of replies, errors, losses, deadlines and stops in virtual time, against a server that keeps
// count of what it has committed. A failure names its seed: TASKLANE_FLOW_SEED repeats it,
// TASKLANE_FLOW_STEPS asks for more than the steps of every run.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <string_view>
#include <tuple>

#include "base/text.h"
#include "postgres/flow.h"
#include "postgres_server_model.h"

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

using Kind = Batch::Step::Kind;

constexpr Statement kLock{"lock", "lock", Effect::write, {"lock", "lock"}, Locks::row};
constexpr std::array<Statement, 6> kStatements = {{
    {"read", "read", Effect::read, {"read", "read"}},
    {"create", "create", Effect::write, {"create", "create"}},
    {"change", "change", Effect::write, {"change", "change"}, Locks::row},
    {"create_once", "create_once", Effect::write, {"create_once", "create_once"}, Locks::key},
    {"change_once", "change_once", Effect::write, {"change_once", "change_once"}, Locks::row_and_key, &kLock},
    {"change_all", "change_all", Effect::write, {"change_all", "change_all"}, Locks::rows},
}};

int setting(const char* name, int otherwise) {
  const char* set = std::getenv(name);
  return set == nullptr ? otherwise : parse_number<int>(set).value();
}

// One connection and its flow, in virtual time.
class World {
 public:
  explicit World(unsigned seed) : random_(seed), server_(random_), flow_(8s, names_, ReconnectDelay(seed)) {}

  void play(int steps) {
    for (int i = 0; i < steps; ++i) step();
    act([&](FlowActions& actions) { flow_.stop(actions); });
    for (const auto& [id, job] : jobs_) {
      const int commits = server_.commits[id];
      must(job.answers == 1, "every job is answered once");
      must(commits <= 1, "a write is committed once at most");
      if (job.write && job.answer == "ok") must(commits == 1, "what is acknowledged is committed");
      if (job.answer == "failed") must(commits == 0, "what is told as failed has not happened");
      if (job.answer == "unknown") must(job.sent, "what was not sent is not unknown");
    }
  }

 private:
  struct Submitted {
    bool write;
    bool sent = false;
    int answers = 0;
    std::string answer = {};
  };

  // BOOST_TEST would spend most of the time on what holds.
  static void must(bool holds, std::string_view promise) {
    if (!holds) BOOST_ERROR(promise);
  }
  unsigned roll(std::size_t sides) { return static_cast<unsigned>(random_() % sides); }

  void step() {
    now_ += std::chrono::milliseconds(roll(200) == 0 ? roll(9'000) : roll(10));
    const unsigned dice = roll(100);
    if (dice < 30) {
      submit();
    } else if (dice < 40) {
      if (std::exchange(turn_due_, false)) act([&](FlowActions& actions) { flow_.turn(now_, actions); });
    } else if (dice < 50) {
      end_attempt();
    } else if (dice < 58) {
      if (std::exchange(held_back_, false)) deliver();
    } else if (dice < 90) {
      answer_some();
    } else if (dice < 91) {
      lose();
    } else {
      // Of a batch that is under way a write is unknown at its deadline: it may still be sent.
      for (const Job& job : flow_.batch().jobs()) jobs_[job.trace->request_id].sent = true;
      act([&](FlowActions& actions) { flow_.tick(now_, actions); });
      if (roll(3) == 0) act([&](FlowActions& actions) { flow_.want(actions); });
      if (roll(3) == 0) act([&](FlowActions& actions) { flow_.give_way(actions); });
    }
    must(flow_.backlog() <= limits::kQueuedStatementsMax + 2 * limits::kBatchStatementsMax,
         "the queue is bounded");
    must(flow_.batch_size() <= limits::kBatchStatementsMax, "a batch is bounded");
  }

  void submit() {
    for (unsigned count = roll(40) == 0 ? roll(600) : 1 + roll(4); count > 0; --count) {
      const Statement& statement = kStatements.at(roll(kStatements.size()));
      const std::string id = std::to_string(jobs_.size());
      jobs_[id] = {.write = statement.effect == Effect::write};
      auto trace = std::make_shared<Trace>();
      trace->request_id = id;
      Parameters parameters;
      parameters.text(roll(2) == 0 ? "alice" : "bob");
      if (statement.locks != Locks::key) parameters.integer(roll(3));
      parameters.text(roll(2) == 0 ? "a key" : "another key");
      if (roll(300) == 0) parameters.text(std::string(limits::kBatchAtOnceMaxBytes, 'x'));
      place({.statement = &statement,
             .parameters = std::move(parameters),
             .deadline = now_ + std::chrono::milliseconds(roll(20) == 0 ? roll(50) : 8'000),
             .done = [this, id](Result<Rows> result) { take(id, result); },
             .trace = std::move(trace)});
    }
  }

  void place(Job job) {
    act([&](FlowActions& actions) { flow_.submit(std::move(job), actions); });
  }

  void take(const std::string& id, const Result<Rows>& result) {
    Submitted& job = jobs_[id];
    ++job.answers;
    const auto failure = [&] {
      return result.error().type == ErrorType::outcome_unknown ? "unknown" : "failed";
    };
    job.answer = result ? "ok" : failure();
  }

  void end_attempt() {
    if (!std::exchange(connecting_, false)) return;
    connected_ = roll(4) != 0;
    act([&](FlowActions& actions) {
      connected_ ? flow_.connected(now_, actions) : flow_.not_connected(now_, actions);
    });
  }

  void serve() {
    server_.execute(wire_.front(), replies_);
    wire_.pop_front();
  }

  // Some of what the server has to say, as one read would bring it; sometimes the end of the connection with
  // it.
  void answer_some() {
    for (unsigned most = 1 + roll(60); most > 0 && !wire_.empty(); --most) serve();
    act([&](FlowActions& actions) {
      for (unsigned most = 1 + roll(60); most > 0 && !replies_.empty() && !actions.disconnect; --most) {
        Reply reply = std::move(replies_.front());
        replies_.pop_front();
        flow_.replied(now_, std::move(reply), actions);
      }
      if (roll(50) == 0 && connected_ && !actions.disconnect) flow_.lost(now_, any_loss(), actions);
    });
  }

  Loss any_loss() { return roll(2) == 0 ? Loss::told : Loss::silent; }

  // What the server still did gets no answer.
  void lose() {
    if (!connected_) return;
    for (unsigned left = roll(8); left > 0 && !wire_.empty(); --left) serve();
    act([&](FlowActions& actions) { flow_.lost(now_, any_loss(), actions); });
  }

  void act(auto event) {
    FlowActions actions;
    event(actions);
    obey(std::move(actions));
  }

  // As the pipeline does, in that order.
  void obey(FlowActions actions) {
    if (actions.disconnect) {
      connected_ = held_back_ = false;
      wire_.clear();
      unsent_.clear();
      replies_.clear();
      server_.lose();
    }
    if (actions.connect) {
      must(!connected_ && !connecting_, "there is one attempt to connect at a time");
      connecting_ = true;
    }
    if (actions.send) send(0, flow_.batch().sent_at_once());
    if (actions.roll_back) {
      wire_.push_back({.kind = Kind::run, .rollback = true});
      wire_.push_back({.kind = Kind::sync});
    }
    turn_due_ = turn_due_ || actions.gather;
    for (Job& job : actions.place_again) place(std::move(job));
    for (auto& answer : actions.answers) answer.done(std::move(answer.result));
  }

  // To the kernel, at once or in two parts.
  void send(std::size_t from, std::size_t to) {
    must(connected_, "what is sent has a connection");
    Batch& batch = flow_.batch();
    if (from == 0) must_be_in_order();
    // What ends by itself counts as sent once libpq has it: how much of it the kernel took is not known.
    if (batch.ends_early()) {
      for (const Job& job : batch.jobs()) jobs_[job.trace->request_id].sent = true;
    }
    for (std::size_t i = from; i < to; ++i) {
      const auto step = batch.steps()[i];
      ServerModel::Message message{.kind = step.kind};
      if (step.kind == Kind::run) {
        const Job& job = batch.jobs()[step.job];
        message.job = job.trace->request_id;
        message.write = job.statement->effect == Effect::write;
      }
      unsent_.push_back(std::move(message));
    }
    if (roll(3) != 0) return deliver();
    held_back_ = true;
    for (auto left = roll(unsent_.size()); left > 0; --left) pass_on();
  }

  void pass_on() {
    if (!unsent_.front().job.empty()) jobs_[unsent_.front().job].sent = true;
    wire_.push_back(std::move(unsent_.front()));
    unsent_.pop_front();
  }

  void deliver() {
    while (!unsent_.empty()) pass_on();
    if (flow_.flushed()) send(flow_.batch().steps().size() - 2, flow_.batch().steps().size());
  }

  // One total order of locks: rows by user and id, then keys by user and key.
  void must_be_in_order() {
    using Lock = std::tuple<int, std::string, std::string>;
    Batch& batch = flow_.batch();
    if (batch.apart() || batch.size() == 1) return;
    Lock last{};
    for (const auto& step : batch.steps()) {
      if (step.kind != Kind::run && step.kind != Kind::lock) continue;
      const Job& job = batch.jobs()[step.job];
      const Locks locks = job.statement->locks;
      if (locks == Locks::nothing) continue;
      const bool key = step.kind == Kind::run && (locks == Locks::key || locks == Locks::row_and_key);
      const std::size_t place = key && locks == Locks::row_and_key ? 2 : 1;
      Lock next(key ? 2 : 1, job.parameters.at(0), locks == Locks::rows ? "" : job.parameters.at(place));
      must(last <= next, "locks are taken in one order");
      last = std::move(next);
    }
  }

  std::minstd_rand random_;
  ServerModel server_;
  PreparedNames names_;
  Flow flow_;
  Flow::Time now_{1h};
  std::map<std::string, Submitted> jobs_;
  std::deque<ServerModel::Message> unsent_;  // in the process's own buffer
  std::deque<ServerModel::Message> wire_;
  std::deque<Reply> replies_;
  bool connecting_ = false;
  bool connected_ = false;
  bool turn_due_ = false;
  bool held_back_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flow_in_random_orders)

BOOST_AUTO_TEST_CASE(nothing_is_lost_or_done_twice) {
  constexpr int kStepsOfAWorld = 500;
  const int worlds = setting("TASKLANE_FLOW_STEPS", 100'000) / kStepsOfAWorld;
  const int any = static_cast<int>(std::random_device{}() % 1'000'000'000);
  const int first = setting("TASKLANE_FLOW_SEED", any);
  for (int seed = first; seed < first + worlds; ++seed) {
    BOOST_TEST_CONTEXT("TASKLANE_FLOW_SEED=" << seed << " TASKLANE_FLOW_STEPS=" << kStepsOfAWorld) {
      World(static_cast<unsigned>(seed)).play(kStepsOfAWorld);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
