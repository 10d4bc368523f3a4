#pragma once
// What one database connection does next, as a pure state machine: events and the time come in, actions for
// the pipeline go out. No socket, no libpq, no clock of its own.
//
// One batch is in flight; what is submitted meanwhile forms the next one. A write is answered once it is
// committed. Every job that is submitted leaves once: answered, or to be placed again. A write is sent a
// second time only where the server has said that the first was rolled back, or cannot have had all of it.
//
// At rest nothing is sent. A connection that ends without a job stays closed until the next job.

#include <chrono>
#include <deque>
#include <vector>

#include "base/limits.h"
#include "postgres/batch.h"
#include "postgres/job.h"
#include "postgres/observation.h"
#include "postgres/prepared_names.h"
#include "postgres/reconnect_delay.h"

namespace tasklane {

enum class FlowState {
  resting,     // not connected; the next job connects, and waits for it
  pausing,     // the connection did not last: the next attempt waits a moment, and jobs for it
  connecting,  // an attempt is under way; jobs wait for it
  down,        // the last attempt has failed: jobs are refused
  retrying,    // an attempt after one that failed: jobs are still refused
  idle,        // connected, nothing to do
  gathering,   // sends at the end of this turn of the loop
  sending,     // the batch is not with the kernel to its end
  waiting,     // it is, and its replies are awaited
  undoing,     // it failed in its block; the reply to ROLLBACK is awaited
};

// How a connection ended.
enum class Loss {
  silent,  // closed, reset, or given up
  told,    // with the server's own word (57P01 …): no statement was to blame
};

// What the pipeline has to do, in this order.
struct FlowActions {
  bool cancel = false;      // have the server stop what it does for this connection
  bool disconnect = false;  // drop the connection
  bool avoid_host = false;  // and begin with another host
  bool connect = false;     // begin an attempt to connect
  bool send = false;        // batch()'s steps, sent_at_once() of them
  bool roll_back = false;   // ROLLBACK and a Sync
  bool gather = false;      // call turn() at the end of this turn of the loop
  std::vector<Observation> observations;
  std::vector<Job> place_again;  // with the pool: on another connection, or refused
  struct Answer {
    Job::Done done;
    Result<Rows> result;
    const Statement* statement;
    Clock::duration took;  // from sending to the rows
  };
  std::vector<Answer> answers;
};

class Flow {
 public:
  using Time = Clock::time_point;

  // `deadline` of a batch: past it the connection is given up. `names` are the whole pool's.
  Flow(std::chrono::milliseconds deadline, PreparedNames& names, ReconnectDelay delay = ReconnectDelay())
      : deadline_(deadline), names_(names), delay_(std::move(delay)) {}

  // Events. What follows from them is added to the actions.
  void want(FlowActions& actions);  // a job needs a connection: connects now or after the delay
  void submit(Job job, FlowActions& actions);  // refused past the queue's bound, and while down
  void turn(Time now, FlowActions& actions);             // that `gather` was asked in ends
  void connected(Time now, FlowActions& actions);        // these two answer `connect`
  void not_connected(Time now, FlowActions& actions);
  // Another connection is up: what waits for this one goes there.
  void give_way(FlowActions& actions);
  // All that was to be sent is with the kernel. Whether the steps that were kept back are to be sent now.
  bool flushed();
  void replied(Time now, Reply reply, FlowActions& actions);
  void lost(Time now, Loss how, FlowActions& actions);  // the connection has ended
  void tick(Time now, FlowActions& actions);            // deadlines; early calls do nothing
  void stop(FlowActions& actions);                      // answers all there is; from now on jobs are refused

  FlowState state() const { return state_; }
  Batch& batch() { return batch_; }
  std::size_t batch_size() const { return batch_.size(); }
  std::size_t backlog() const { return queue_.size() + batch_.size(); }
  // Whether a later tick() has something to look at.
  bool pending() const { return backlog() > 0 || state_ == FlowState::down || state_ == FlowState::pausing; }
  // Whether submit() would not refuse.
  bool accepts() const { return !refuses() && queue_.size() < limits::kQueuedStatementsMax; }
  bool ready() const { return state_ >= FlowState::idle; }
  bool tried() const { return tried_; }  // the first attempt to connect has been decided
  // Whether a read would be on its way at once or after a moment: what is in flight, if anything, are reads
  // that are about to come back, as far as the batch before tells. Behind a write it might wait for a commit.
  bool quick(Time now) const;

 private:
  bool refuses() const { return state_ == FlowState::down || state_ == FlowState::retrying || stopped_; }
  bool busy() const { return state_ >= FlowState::sending; }
  // Whether the connection has held for a while, so that another one is worth the trouble.
  bool settled(Time now) const { return now - connected_at_ >= limits::kReconnectDelayMax; }

  void begin_to_connect(FlowState attempt, FlowActions& actions);
  void send_next(Time now, FlowActions& actions);
  void send(Time now, FlowActions& actions);
  void complete(Time now, FlowActions& actions);
  enum class Remedy { none, again, unnamed, another_connection, another_host };  // the widest last
  Remedy remedy_of(Time now, Job& job, const Reply& reply) const;
  void block_failed(const Statement& end, const std::optional<Reply>& error, FlowActions& actions);
  void give_up_names(const Reply& error, FlowActions& actions);
  void answer(Job& job, Result<Rows> result, FlowActions& actions);
  void leave(Time now, Loss how, FlowActions& actions);
  void hand_over(Loss how, FlowActions& actions);
  void queue_again(std::vector<Job> jobs);

  std::chrono::milliseconds deadline_;
  PreparedNames& names_;
  ReconnectDelay delay_;
  FlowState state_ = FlowState::resting;
  std::deque<Job> queue_;
  std::size_t writes_queued_ = 0;
  Batch batch_;                   // in flight; empty: none
  Time sent_at_{};                // of it
  Clock::duration round_trip_{};  // of the batch before
  Time completed_at_{};           // of the last answer
  Time connected_at_{};
  Time retry_at_{};     // while down
  bool asked_ = false;  // something was submitted since the last attempt to connect began
  bool tried_ = false;
  bool stopped_ = false;
};

}  // namespace tasklane
