#include "postgres/pipeline.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <iterator>

#include "base/limits.h"
#include "base/log.h"
#include "postgres/reconnect_delay.h"
#include "postgres/sqlstate.h"

namespace tasklane {

namespace asio = boost::asio;
using Progress = LibpqConnection::Progress;

Pipeline::Pipeline(asio::io_context& loop, const Setting& setting, WorkerMetrics& metrics)
    : loop_(loop),
      setting_(setting),
      metrics_(metrics),
      connector_(loop, setting.connector, metrics),
      timer_(loop),
      socket_(loop) {}

Pipeline::~Pipeline() {
  if (socket_.is_open()) socket_.release();  // libpq closes it
}

void Pipeline::start() {
  add(gauge(state_));
  // Only a defect throws here; it ends the loop, and the master starts another worker.
  asio::co_spawn(loop_, run(), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
}

asio::awaitable<void> Pipeline::run() {
  ReconnectDelay delay;
  while (true) {
    broken_ = told_ = false;
    connection_ = co_await connector_.connect();
    tried_ = true;
    if (connection_) {
      ready_at_ = Clock::now();
      co_await serve();
      add(metrics_.database_connection_losses);
      set_state(State::connecting);
      connection_.reset();
      hand_over();
      if (settled()) {
        delay.reset();
        continue;  // it had held: try again at once
      }
    } else {
      set_state(State::down);
      hand_over();
    }
    timer_.expires_after(delay.next());
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

// Runs until the connection is lost.
asio::awaitable<void> Pipeline::serve() {
  socket_.assign(connection_->socket());
  set_state(State::ready);
  send_next();  // what has waited; a flush that cannot finish at once waits on the socket, too
  while (!broken_) {
    boost::system::error_code error;
    co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error || broken_) break;
    const bool alive = connection_->consume();
    if (!take_replies() || !alive) break;  // what arrived before the end still counts
  }
  if (!broken_) lose();
  socket_.release();
}

void Pipeline::lose() {
  log::warning("lost the database connection", {{"error", connection_->error()}});
  give_up();
}

void Pipeline::give_up() {
  broken_ = true;
  socket_.cancel();  // serve() goes on, and ends
}

// False: the server ended the connection.
bool Pipeline::take_replies() {
  while (auto reply = connection_->next()) {
    if (reply->kind == Reply::Kind::error && (reply->fatal || reply->sqlstate.empty())) {
      count_error(reply->sqlstate);
      log::warning("the database ended the connection",
                   {{"sqlstate", reply->sqlstate}, {"error", reply->message}});
      told_ = reply->sqlstate.starts_with("57P");
      return !(broken_ = true);
    }
    if (!batch_.empty() && batch_.take(std::move(*reply))) complete(std::exchange(batch_, {}));
  }
  return !broken_;
}

void Pipeline::submit(Job job) {
  writes_queued_ = writes_queued_ || job.statement->effect == Effect::write;
  queue_.push_back(std::move(job));
  schedule_send();
}

// At the end of this turn of the loop, so that all requests of the turn share a batch. An idle connection may
// have ended unnoticed in this very turn: looked at first, it takes nothing along.
void Pipeline::schedule_send() {
  if (send_scheduled_ || !ready() || !batch_.empty()) return;
  send_scheduled_ = true;
  asio::post(loop_, [this] {
    send_scheduled_ = false;
    if (!ready() || broken_ || !batch_.empty()) return;
    const bool alive = connection_->consume();
    if (!take_replies()) return give_up();
    if (!alive) return lose();
    send_next();
  });
}

void Pipeline::send_next() {
  if (!ready() || broken_ || !batch_.empty() || queue_.empty()) return;
  const auto count = std::min(queue_.size(), limits::kBatchStatementsMax);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Job> jobs(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  writes_queued_ = writes_queued_ && !queue_.empty();
  send(std::move(jobs), false);
}

void Pipeline::send(std::vector<Job> jobs, bool apart) {
  batch_ = Batch(std::move(jobs), apart, setting_.connector.names.usable());
  sent_at_ = Clock::now();
  flushed_ = apart;  // each Sync of such a batch may go out by itself
  add(metrics_.database_batches);
  add(metrics_.database_statements, batch_.size());
  add(metrics_.database_statements_in_flight, batch_.size());
  for (const Job& job : batch_.jobs()) {
    // Sent again apart, or after a conflict: all of it is the database's time.
    if (job.trace && job.trace->sent == Trace::Time{}) job.trace->sent = sent_at_;
  }
  bool sent = true;
  for (const Job& job : batch_.jobs()) {
    sent = sent && connection_->execute(*job.statement, job.parameters, batch_.by_name());
    if (apart) sent = sent && connection_->sync();
  }
  if (!apart) sent = sent && connection_->sync();
  if (!sent) return lose();
  flush();
}

void Pipeline::flush() {
  switch (connection_->flush()) {
    case Progress::done:
      flushed_ = true;
      return;
    case Progress::wants_read:
    case Progress::wants_write:
      socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [this](const boost::system::error_code& error) {
                           if (!error && ready() && !broken_) flush_on();
                         });
      return;
    case Progress::failed:
      return lose();
  }
}

// The socket takes more, or the server has hung up. What it said comes first: to let its caller read that,
// libpq tells a failed write as one that is done.
void Pipeline::flush_on() {
  if (connection_->consume() && take_replies()) return flush();
  give_up();
}

void Pipeline::complete(Batch batch) {
  subtract(metrics_.database_statements_in_flight, batch.size());
  completed_at_ = Clock::now();
  round_trip_ = completed_at_ - sent_at_;
  if (batch.undone()) return run_again(std::move(batch));
  std::vector<std::size_t> answered;
  std::vector<Job> again;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Job& job = batch.jobs()[i];
    const Reply& reply = batch.reply(i);
    const bool failed = reply.kind == Reply::Kind::error && job.waiting();
    const bool conflict = failed && classify(reply.sqlstate) == SqlstateClass::conflict;
    if ((conflict && ++job.conflicts <= limits::kConflictsMax) || (failed && mend(batch, reply))) {
      count_error(reply.sqlstate);
      again.push_back(std::move(job));
    } else {
      answered.push_back(i);
    }
  }
  queue_again(std::move(again));
  send_next();  // the database works on the next batch while this one's answers are written
  for (const std::size_t i : answered) answer(batch.jobs()[i], batch.reply(i));
}

// The server has undone all of it. Together, if what failed is mended; else each statement by itself.
void Pipeline::run_again(Batch batch) {
  add(metrics_.database_batch_failures);
  bool mended = false;
  if (const auto at = batch.culprit()) {
    Reply& reply = batch.reply(*at);
    mended = mend(batch, reply);
    if (mended) count_error(reply.sqlstate);
    // Run again, a statement that has timed out would hold up the others past their deadlines. It has had its
    // turn.
    if (classify(reply.sqlstate) == SqlstateClass::unavailable) answer(batch.jobs()[*at], reply);
  }
  std::vector<Job> again;
  std::ranges::copy_if(std::make_move_iterator(batch.jobs().begin()),
                       std::make_move_iterator(batch.jobs().end()), std::back_inserter(again), &Job::waiting);
  if (mended) {
    queue_again(std::move(again));
  } else if (!again.empty()) {
    return send(std::move(again), true);
  }
  send_next();
}

// Whether the error is the connection's and not the statement's, so that it runs again: unnamed, or on
// another connection. Not when this one has only just come up: the next one would say the same.
bool Pipeline::mend(const Batch& batch, const Reply& reply) {
  const SqlstateClass meaning = classify(reply.sqlstate);
  const bool unprepared = meaning == SqlstateClass::unprepared && batch.by_name();
  const bool read_only = meaning == SqlstateClass::connection_lost;
  if (broken_) return unprepared || read_only;
  if (unprepared && (reply.sqlstate != "0A000" || !settled())) {
    setting_.connector.names.give_up(reply.sqlstate);
    return true;
  }
  if ((!unprepared && !read_only) || !settled()) return false;
  log::warning("replacing the database connection", {{"sqlstate", reply.sqlstate}, {"error", reply.message}});
  if (read_only) connector_.avoid();
  give_up();
  return true;
}

// Before what has come later.
void Pipeline::queue_again(std::vector<Job> jobs) {
  writes_queued_ = writes_queued_ || !jobs.empty();
  queue_.insert(queue_.begin(), std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end()));
}

void Pipeline::answer(Job& job, Reply& reply) {
  if (job.trace) job.trace->completed = completed_at_;
  if (reply.kind != Reply::Kind::error) return job.finish(std::move(reply.rows));
  count_error(reply.sqlstate);
  log::error("a statement failed", {{"request_id", job.request_id()},
                                    {"trace_id", job.trace_id()},
                                    {"statement", job.statement->name},
                                    {"sqlstate", reply.sqlstate},
                                    {"error", reply.message}});
  job.finish(std::unexpected(statement_error(reply.sqlstate)));
}

// What the connection leaves behind. Without its Sync a batch has done nothing.
void Pipeline::hand_over() {
  Batch lost = std::exchange(batch_, {});
  subtract(metrics_.database_statements_in_flight, lost.size());
  for (Job& job : lost.jobs()) {
    if (!job.waiting()) continue;
    if (flushed_ && job.statement->effect == Effect::write) {
      job.finish(std::unexpected(unconfirmed_error()));
    } else if (flushed_ && !told_ && std::exchange(job.repeated, true)) {
      job.finish(std::unexpected(unreachable_error()));
    } else {
      setting_.place(std::move(job));
    }
  }
  writes_queued_ = false;
  for (Job& job : std::exchange(queue_, {})) setting_.place(std::move(job));
}

void Pipeline::check_deadlines(Clock::time_point now) {
  // Collected first: an answer may lead to the next statement of the queue.
  std::vector<Job> late;
  std::erase_if(queue_, [&](Job& job) {
    if (job.deadline > now) return false;
    late.push_back(std::move(job));
    return true;
  });
  for (Job& job : late) job.finish(std::unexpected(unreachable_error()));

  for (std::size_t i = 0; i < batch_.size(); ++i) {
    Job& job = batch_.jobs()[i];
    if (!job.waiting() || job.deadline > now) continue;
    job.finish(
        std::unexpected(job.statement->effect == Effect::write ? unconfirmed_error() : unreachable_error()));
  }
  if (!batch_.empty() && now - sent_at_ >= setting_.deadline && !broken_) {
    log::warning("the database does not answer; giving the connection up", {{"statements", batch_.size()}});
    connection_->cancel();  // or what is stuck would go on, and keep its locks
    give_up();
  }
}

void Pipeline::set_state(State state) {
  if (state == state_) return;
  if (state == State::ready) log::info("database connection ready");
  subtract(gauge(state_));
  add(gauge(state));
  state_ = state;
}

}  // namespace tasklane
