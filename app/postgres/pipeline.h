#pragma once
// One database connection that keeps itself connected and runs statements in batches: one batch is in flight,
// what arrives meanwhile forms the next (at most limits::kBatchStatementsMax). One flush, one wake-up and one
// commit serve all of a batch: a group commit on the client's side. An idle connection sends at the end of
// the loop's turn.
//
// Nothing is answered before the batch's Sync is back, writes therefore only once committed. When the
// connection is lost, writes whose Sync had been sent are answered outcome_unknown; all else goes back to the
// pool: reads, which may be repeated, and what the server cannot have committed without its Sync.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>

#include "base/awaitable.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "postgres/batch.h"
#include "postgres/connector.h"
#include "postgres/libpq_connection.h"
#include "postgres/sqlstate.h"

namespace tasklane {

class Pipeline {
 public:
  // What the connections of a pool have in common.
  struct Setting {
    Connector::Setting connector;
    std::chrono::milliseconds deadline;  // of a batch: past it the connection is given up
    std::function<void(Job)> place;      // finds another connection, or answers service_unavailable
  };

  Pipeline(boost::asio::io_context& loop, const Setting& setting, WorkerMetrics& metrics);
  ~Pipeline();

  // Connects, and again whenever the connection is lost, until the loop ends.
  void start();

  // Whether a statement would be served: connected, or on the first try to be. After a failed try it refuses
  // until a later one succeeds, so that an outage is told at once.
  bool accepts() const { return state_ != State::down && queue_.size() < limits::kQueuedStatementsMax; }
  bool ready() const { return state_ == State::ready; }
  bool idle() const { return ready() && batch_.empty() && queue_.empty(); }
  std::size_t backlog() const { return queue_.size() + batch_.size(); }
  // Whether a read would be on its way at once or after a moment: what is in flight, if anything, are reads
  // that are about to come back, as far as the batch before tells. Behind a write it might wait for a commit.
  bool quick(Clock::time_point now) const {
    if (!ready() || writes_queued_ || queue_.size() >= limits::kBatchStatementsMax) return false;
    return batch_.empty() ||
           (!batch_.writes() && now - sent_at_ < limits::kQuickBatch && round_trip_ < limits::kQuickBatch);
  }
  // Whether the first attempt to connect has been decided.
  bool tried() const { return tried_; }

  void submit(Job job);

  // Answers what has waited past its deadline; gives up a connection that has not answered in time.
  void check_deadlines(Clock::time_point now);

 private:
  enum class State { connecting, ready, down };  // gauge() goes by this order

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> serve();

  void schedule_send();
  void send_next();
  void send(std::vector<Job> jobs, bool apart);
  void flush();
  void flush_on();
  bool take_replies();
  void complete(Batch batch);
  void run_again(Batch batch);
  bool mend(const Batch& batch, const Reply& reply);
  void answer(Job& job, Reply& reply);
  void queue_again(std::vector<Job> jobs);
  void hand_over();
  void lose();
  void give_up();
  // Whether the connection has held for a while, so that another one is worth the trouble.
  bool settled() const { return Clock::now() - ready_at_ >= limits::kReconnectDelayMax; }
  void set_state(State state);
  Counter& gauge(State state) {
    return *std::array{&metrics_.database_connections_connecting, &metrics_.database_connections_ready,
                       &metrics_.database_connections_down}[static_cast<std::size_t>(state)];
  }
  void count_error(std::string_view sqlstate) {
    add(metrics_.database_errors[static_cast<std::size_t>(classify(sqlstate))]);
  }

  boost::asio::io_context& loop_;
  const Setting& setting_;
  WorkerMetrics& metrics_;
  Connector connector_;
  boost::asio::steady_timer timer_;  // until the next attempt to connect
  std::unique_ptr<LibpqConnection> connection_;
  boost::asio::posix::stream_descriptor socket_;  // libpq's own descriptor, borrowed

  State state_ = State::connecting;
  bool tried_ = false;
  std::deque<Job> queue_;
  bool writes_queued_ = false;  // there may be a write in the queue
  bool send_scheduled_ = false;
  Batch batch_;  // in flight; empty: none
  Clock::time_point sent_at_;
  Clock::time_point completed_at_;  // of the batch before
  Clock::duration round_trip_{};    // of the batch before
  Clock::time_point ready_at_;      // of this connection
  bool flushed_ = true;             // the batch is with the kernel to its last Sync
  bool broken_ = false;             // the connection has to be given up
  bool told_ = false;  // the server ended it with a word (57P01): nobody's statement was to blame
};

}  // namespace tasklane
