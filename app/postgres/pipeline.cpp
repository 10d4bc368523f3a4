#include "postgres/pipeline.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "postgres/transaction.h"

namespace tasklane {

namespace asio = boost::asio;
using Progress = LibpqConnection::Progress;

Pipeline::Pipeline(asio::io_context& loop, const Setting& setting, Observer& observer)
    : loop_(loop),
      setting_(setting),
      observer_(observer),
      connector_(loop, setting.connector, observer),
      flow_(setting.deadline, setting.connector.names),
      socket_(loop) {}

Pipeline::~Pipeline() {
  if (socket_.is_open()) socket_.release();  // libpq closes it
}

void Pipeline::want() {
  FlowActions actions;
  flow_.want(actions);
  apply(actions);
}

void Pipeline::tick(Clock::time_point now) {
  FlowActions actions;
  flow_.tick(now, actions);
  apply(actions);
}

void Pipeline::give_way() {
  FlowActions actions;
  flow_.give_way(actions);
  apply(actions);
}

// Who submits is not waiting yet: an answer at once comes at the end of this turn.
void Pipeline::submit(Job job) {
  FlowActions actions;
  flow_.submit(std::move(job), actions);
  for (auto& answer : actions.answers) {
    asio::post(loop_, [answer = std::move(answer)]() mutable { answer.done(std::move(answer.result)); });
  }
  actions.answers.clear();
  apply(actions);
}

// In the order of FlowActions. An answer may lead to whatever comes next: it is the last.
void Pipeline::apply(FlowActions& actions) {
  for (const Observation& observation : actions.observations) observer_.observe(observation);
  if (actions.cancel && connection_) connection_->cancel();
  if (actions.disconnect) drop();
  if (actions.avoid_host) connector_.avoid();
  if (actions.connect) {
    // Only a defect throws here; it ends the loop, and the master starts another worker.
    asio::co_spawn(loop_, connect(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
  }
  if (actions.send) send(0, flow_.batch().sent_at_once());
  if (actions.roll_back) roll_back();
  if (actions.gather) asio::post(loop_, [this] { end_turn(); });
  observe_changes();
  for (Job& job : actions.place_again) setting_.place(std::move(job));
  for (auto& answer : actions.answers) {
    if (answer.result) observer_.observe(StatementAnswered{answer.statement, answer.took});
    answer.done(std::move(answer.result));
  }
}

void Pipeline::drop() {
  if (!connection_) return;
  socket_.cancel();  // read_on() ends
  socket_.release();
  connection_.reset();
}

asio::awaitable<void> Pipeline::connect() {
  Connection connection = co_await connector_.connect();
  FlowActions actions;
  if (connection) {
    connection_ = connection;
    socket_.assign(connection->socket());
    actions.observations.push_back(ConnectionReady{});
    flow_.connected(Clock::now(), actions);
  } else {
    flow_.not_connected(Clock::now(), actions);
  }
  apply(actions);
  setting_.changed();
  if (connection) co_await read_on(std::move(connection));
}

// Until this connection is dropped.
asio::awaitable<void> Pipeline::read_on(Connection connection) {
  while (connection_ == connection) {
    boost::system::error_code error;
    co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (connection_ != connection) co_return;
    if (error) co_return lose();
    FlowActions actions;
    read(*connection, actions);
    apply(actions);
  }
}

// All that has arrived, as one: when a batch is complete the next one is sent before its answers are written.
void Pipeline::read(LibpqConnection& connection, FlowActions& actions) {
  const auto now = Clock::now();
  const bool alive = connection.consume();
  while (auto reply = connection.next()) {
    if (reply->kind == Reply::Kind::error && (reply->fatal || reply->sqlstate.empty())) {
      actions.observations.push_back(ServerEndedConnection{reply->sqlstate, reply->message});
      return flow_.lost(now, reply->sqlstate.starts_with("57P") ? Loss::told : Loss::silent, actions);
    }
    flow_.replied(now, *std::move(reply), actions);
    if (actions.disconnect) return;
  }
  if (!alive) {
    actions.observations.push_back(ConnectionLost{connection.error()});
    flow_.lost(now, Loss::silent, actions);
  }
}

// An idle connection may have ended unnoticed in this very turn: looked at first, it takes nothing along.
void Pipeline::end_turn() {
  FlowActions actions;
  if (connection_) read(*connection_, actions);
  flow_.turn(Clock::now(), actions);
  apply(actions);
}

void Pipeline::send(std::size_t from, std::size_t to) {
  Batch& batch = flow_.batch();
  if (from == 0) observer_.observe(BatchSent{batch.size()});
  for (std::size_t i = from; i < to; ++i) {
    if (!queue(batch, batch.steps()[i])) return lose();
  }
  flush();
}

bool Pipeline::queue(Batch& batch, const Batch::Step& step) {
  switch (step.kind) {
    case Batch::Step::Kind::begin:
      return connection_->execute(transaction::kBegin, {}, batch.by_name());
    case Batch::Step::Kind::commit:
      return connection_->execute(transaction::kCommit, {}, batch.by_name());
    case Batch::Step::Kind::sync:
      return connection_->sync();
    case Batch::Step::Kind::lock: {
      const Job& job = batch.jobs()[step.job];
      return connection_->execute(*job.statement->row_lock, job.parameters, batch.by_name(), 2);
    }
    case Batch::Step::Kind::run: {
      const Job& job = batch.jobs()[step.job];
      return connection_->execute(*job.statement, job.parameters, batch.by_name());
    }
  }
  std::unreachable();
}

void Pipeline::roll_back() {
  if (!connection_->execute(transaction::kRollback, {}, false) || !connection_->sync()) return lose();
  flush();
}

void Pipeline::flush() {
  switch (connection_->flush()) {
    case Progress::done:
      if (flow_.flushed()) send(flow_.batch().steps().size() - 2, flow_.batch().steps().size());
      return;
    case Progress::wants_read:
    case Progress::wants_write:
      socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [this, connection = connection_](const boost::system::error_code& error) {
                           if (!error && connection_ == connection) flush_on();
                         });
      return;
    case Progress::failed:
      return lose();
  }
}

// The socket takes more, or the server has hung up. What it said comes first: to let its caller read that,
// libpq tells a failed write as one that is done.
void Pipeline::flush_on() {
  FlowActions actions;
  read(*connection_, actions);
  const bool lost = actions.disconnect;
  apply(actions);
  if (!lost && connection_) flush();
}

ConnectionPhase Pipeline::phase() const {
  switch (flow_.state()) {
    case FlowState::resting:
      return ConnectionPhase::none;
    case FlowState::pausing:
    case FlowState::connecting:
      return ConnectionPhase::connecting;
    case FlowState::down:
    case FlowState::retrying:
      return ConnectionPhase::down;
    case FlowState::idle:
    case FlowState::gathering:
    case FlowState::sending:
    case FlowState::waiting:
    case FlowState::undoing:
      return ConnectionPhase::ready;
  }
  std::unreachable();
}

void Pipeline::observe_changes() {
  if (const ConnectionPhase now = phase(); now != phase_) {
    observer_.observe(PhaseChanged{std::exchange(phase_, now), now});
    setting_.changed();
  }
  if (const std::size_t now = flow_.batch_size(); now != in_flight_)
    observer_.observe(InFlightChanged{std::exchange(in_flight_, now), now});
}

void Pipeline::lose() {
  FlowActions actions;
  actions.observations.push_back(ConnectionLost{connection_->error()});
  flow_.lost(Clock::now(), Loss::silent, actions);
  apply(actions);
}

}  // namespace tasklane
