#include "postgres/flow.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "postgres/sqlstate.h"
#include "postgres/transaction.h"

namespace tasklane {

using enum FlowState;

namespace {

bool is_write(const Job& job) {
  return job.statement->effect == Effect::write;
}

// What the request is told of an error of its statement.
Error error_of(const Job& job, const Reply& reply) {
  return is_write(job) && !proves_rollback(reply.sqlstate) ? unconfirmed_error()
                                                           : statement_error(reply.sqlstate);
}

// And of a statement without an answer.
Error unanswered_error(const Job& job) {
  return is_write(job) ? unconfirmed_error() : unreachable_error();
}

}  // namespace

void Flow::want(FlowActions& actions) {
  asked_ = true;
  if (state_ == resting && !stopped_) begin_to_connect(connecting, actions);
}

void Flow::submit(Job job, FlowActions& actions) {
  asked_ = true;
  if (!accepts()) {
    answer(job, std::unexpected(unreachable_error()), actions);
    return;
  }
  writes_queued_ += is_write(job) ? 1U : 0U;
  queue_.push_back(std::move(job));
  if (state_ == resting) {
    begin_to_connect(connecting, actions);
  } else if (state_ == idle) {
    state_ = gathering;
    actions.gather = true;
  }
}

void Flow::turn(Time now, FlowActions& actions) {
  if (state_ != gathering) return;
  state_ = idle;
  send_next(now, actions);
}

void Flow::connected(Time now, FlowActions& actions) {
  if (stopped_) return;
  tried_ = true;
  connected_at_ = now;
  state_ = idle;
  send_next(now, actions);
}

void Flow::not_connected(Time now, FlowActions& actions) {
  tried_ = true;
  state_ = down;
  retry_at_ = now + delay_.next();
  hand_over(Loss::silent, actions);
}

void Flow::give_way(FlowActions& actions) {
  if (!ready()) hand_over(Loss::silent, actions);
}

bool Flow::flushed() {
  if (state_ != sending) return false;
  if (batch_.holds_commit()) {
    batch_.release_commit();
    return true;
  }
  state_ = waiting;
  return false;
}

void Flow::replied(Time now, Reply reply, FlowActions& actions) {
  if (!busy()) return;
  switch (batch_.take(std::move(reply))) {
    case Batch::Progress::open:
      break;
    case Batch::Progress::read:
      if (Job& job = batch_.jobs()[batch_.taken()]; job.waiting()) {
        completed_at_ = now;
        answer(job, std::move(batch_.reply(batch_.taken()).rows), actions);
      }
      break;
    case Batch::Progress::failed:
      state_ = undoing;
      actions.roll_back = true;
      break;
    case Batch::Progress::stuck:
      leave(now, Loss::silent, actions);
      break;
    case Batch::Progress::complete:
      complete(now, actions);
      break;
  }
}

void Flow::lost(Time now, Loss how, FlowActions& actions) {
  if (ready()) leave(now, how, actions);
}

void Flow::tick(Time now, FlowActions& actions) {
  const auto late = [&](const Job& job) { return job.waiting() && job.deadline <= now; };
  for (Job& job : queue_) {
    if (!late(job)) continue;
    answer(job, std::unexpected(unreachable_error()), actions);
    writes_queued_ -= is_write(job) ? 1U : 0U;
  }
  std::erase_if(queue_, [](const Job& job) { return !job.waiting(); });
  for (Job& job : batch_.jobs()) {
    if (late(job)) answer(job, std::unexpected(unanswered_error(job)), actions);
  }
  if (busy() && now - sent_at_ >= deadline_) {
    actions.cancel = true;  // or what is stuck would go on, and keep its locks
    actions.observations.push_back(ServerSilent{batch_.size()});
    leave(now, Loss::silent, actions);
  }
  if ((state_ == down || state_ == pausing) && now >= retry_at_) {
    if (!asked_) {
      state_ = resting;
    } else {
      begin_to_connect(state_ == down ? retrying : connecting, actions);
    }
  }
}

void Flow::stop(FlowActions& actions) {
  stopped_ = actions.disconnect = true;
  hand_over(Loss::silent, actions);
  for (Job& job : std::exchange(actions.place_again, {}))
    answer(job, std::unexpected(unreachable_error()), actions);
  state_ = resting;
}

bool Flow::quick(Time now) const {
  if (!ready() || writes_queued_ > 0 || queue_.size() >= limits::kBatchStatementsMax) return false;
  return batch_.empty() ||
         (!batch_.writes() && now - sent_at_ < limits::kQuickBatch && round_trip_ < limits::kQuickBatch);
}

void Flow::begin_to_connect(FlowState attempt, FlowActions& actions) {
  asked_ = false;
  state_ = attempt;
  actions.connect = true;
}

void Flow::send_next(Time now, FlowActions& actions) {
  if (state_ != idle || queue_.empty()) return;
  batch_.fill(queue_, Batch::fitting(queue_), Batch::Form::together, names_.usable());
  for (const Job& job : batch_.jobs()) writes_queued_ -= is_write(job) ? 1U : 0U;
  send(now, actions);
}

void Flow::send(Time now, FlowActions& actions) {
  sent_at_ = now;
  for (const Job& job : batch_.jobs()) {
    // Sent again apart, or after a conflict: all of it is the database's time.
    if (job.trace && job.trace->sent == Trace::Time{}) job.trace->sent = now;
  }
  state_ = sending;
  actions.send = true;
}

// All of the batch has ended: who is answered, and what runs again. The next batch is on its way before this
// one's answers are written.
void Flow::complete(Time now, FlowActions& actions) {
  state_ = idle;
  completed_at_ = now;
  round_trip_ = now - sent_at_;
  block_failed(transaction::kBegin, batch_.begin_error(), actions);
  block_failed(transaction::kCommit, batch_.commit_error(), actions);
  const bool unproven = batch_.commit_error() && !proves_rollback(batch_.commit_error()->sqlstate);
  std::vector<Job> again;   // before what has come later
  std::vector<Job> undone;  // for an error that was not its own
  Remedy remedy = Remedy::none;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    Job& job = batch_.jobs()[i];
    Reply& reply = batch_.reply(i);
    if (!job.waiting()) continue;
    if (reply.kind == Reply::Kind::rows) {
      answer(job, std::move(reply.rows), actions);
    } else if (reply.kind == Reply::Kind::error) {
      const Remedy found = remedy_of(now, job, reply);
      if (found == Remedy::unnamed) give_up_names(reply, actions);
      if (found > Remedy::unnamed && remedy <= Remedy::unnamed)
        actions.observations.push_back(ConnectionReplaced{reply.sqlstate, reply.message});
      remedy = std::max(remedy, found);
      actions.observations.push_back(
          StatementFailed{job.statement, job.trace, reply.sqlstate, reply.message, found != Remedy::none});
      if (found == Remedy::none) {
        answer(job, std::unexpected(error_of(job, reply)), actions);
      } else {
        again.push_back(std::move(job));
      }
    } else if (is_write(job) && unproven) {
      answer(job, std::unexpected(unconfirmed_error()), actions);
    } else {
      undone.push_back(std::move(job));
    }
  }
  if (!undone.empty()) actions.observations.push_back(BatchUndone{});
  // Together where the cause is mended; else each by itself, since the error may come again.
  if (remedy > Remedy::again) std::ranges::move(std::exchange(undone, {}), std::back_inserter(again));
  batch_.clear();
  queue_again(std::move(again));
  if (remedy == Remedy::another_connection || remedy == Remedy::another_host) {
    actions.avoid_host = remedy == Remedy::another_host;
    return leave(now, Loss::told, actions);
  }
  if (undone.empty()) return send_next(now, actions);
  batch_.fill(std::move(undone), Batch::Form::apart, names_.usable());
  send(now, actions);
}

// What lets a statement with an error of its own run again. A connection that has only just come up is not
// replaced: the next one would say the same.
Flow::Remedy Flow::remedy_of(Time now, Job& job, const Reply& reply) const {
  if (is_write(job) && !proves_rollback(reply.sqlstate)) return Remedy::none;
  switch (classify(reply.sqlstate)) {
    case SqlstateClass::conflict:
      return ++job.conflicts <= limits::kConflictsMax ? Remedy::again : Remedy::none;
    case SqlstateClass::unprepared:
      if (!batch_.by_name()) return Remedy::none;
      if (reply.sqlstate != "0A000" || !settled(now)) return Remedy::unnamed;
      return Remedy::another_connection;
    case SqlstateClass::read_only:
      return settled(now) ? Remedy::another_host : Remedy::none;
    case SqlstateClass::connection_lost:
    case SqlstateClass::unavailable:
    case SqlstateClass::rejected:
      return Remedy::none;
  }
  std::unreachable();
}

void Flow::block_failed(const Statement& end, const std::optional<Reply>& error, FlowActions& actions) {
  if (!error) return;
  actions.observations.push_back(BlockFailed{&end, error->sqlstate, error->message});
  if (batch_.by_name() && classify(error->sqlstate) == SqlstateClass::unprepared)
    give_up_names(*error, actions);
}

void Flow::give_up_names(const Reply& error, FlowActions& actions) {
  if (names_.give_up()) actions.observations.push_back(NamesGivenUp{error.sqlstate});
}

void Flow::answer(Job& job, Result<Rows> result, FlowActions& actions) {
  if (job.trace && result) job.trace->completed = completed_at_;
  actions.answers.push_back(
      {std::exchange(job.done, nullptr), std::move(result), job.statement, completed_at_ - sent_at_});
}

// The connection is gone, or given up.
void Flow::leave(Time now, Loss how, FlowActions& actions) {
  actions.disconnect = true;
  actions.observations.push_back(ConnectionClosed{});
  asked_ = false;  // what is handed over asks again
  hand_over(how, actions);
  if (settled(now)) {
    delay_.reset();
    state_ = resting;
  } else {
    state_ = pausing;
    retry_at_ = now + delay_.next();
  }
}

// What the connection leaves behind. Of a batch that has not been sent to its end nothing can have happened,
// unless parts of it end by themselves; nor of one in a block that has failed. What was to be sent just now
// never is.
void Flow::hand_over(Loss how, FlowActions& actions) {
  const bool unsent = actions.send;
  actions.send = actions.roll_back = actions.gather = false;
  const bool may_have_happened = !unsent && (state_ == waiting || (state_ == sending && batch_.ends_early()));
  for (Job& job : batch_.jobs()) {
    if (!job.waiting()) continue;
    if (may_have_happened && is_write(job)) {
      answer(job, std::unexpected(unconfirmed_error()), actions);
    } else if (may_have_happened && how == Loss::silent && std::exchange(job.repeated, true)) {
      answer(job, std::unexpected(unreachable_error()), actions);
    } else {
      actions.place_again.push_back(std::move(job));
    }
  }
  batch_.clear();
  std::ranges::move(queue_, std::back_inserter(actions.place_again));
  queue_.clear();
  writes_queued_ = 0;
}

void Flow::queue_again(std::vector<Job> jobs) {
  writes_queued_ += static_cast<std::size_t>(std::ranges::count_if(jobs, is_write));
  queue_.insert(queue_.begin(), std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end()));
}

}  // namespace tasklane
