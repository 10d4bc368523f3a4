#pragma once
// Statements sent together and what has come back for them: pure bookkeeping, no connection.
//
// Together: first the reads, in one transaction that a Sync ends; then the writes in theirs. So a read never
// sees what is not committed, is answered as it comes, and no read that fails undoes a write. Several writes
// run in a block (BEGIN … COMMIT), since distributed engines keep the implicit transaction of a pipeline only
// in part. An error in a block has the server skip to the Sync and leaves the block open, for a ROLLBACK.
// Apart: a Sync behind every statement, each its own transaction; what was undone runs again like that, so
// that one request's error never becomes another's.
//
// Writes sent together take their locks in one order: rows by user and id, then keys by user and key. One
// that locks both is preceded by a statement that locks its row. So no two batches wait for each other
// (40P01).

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "postgres/job.h"
#include "postgres/reply.h"

namespace tasklane {

class Batch {
 public:
  enum class Form { together, apart };

  // One message, in the order in which they are sent.
  struct Step {
    enum class Kind { begin, lock, run, commit, sync };
    Kind kind;
    std::size_t job = 0;  // lock, run: whose statement and parameters
  };

  // What take() has found.
  enum class Progress {
    open,      // more is to come
    read,      // reply(taken()) are the rows of a read: it may be answered
    failed,    // its block is still open: send ROLLBACK and a Sync
    stuck,     // so did the ROLLBACK: the connection is of no use
    complete,  // all of it has ended
  };

  // Take jobs in place of what it had: all of these, or the first of a queue.
  void fill(std::vector<Job> jobs, Form form, bool by_name = true);
  void fill(std::deque<Job>& queue, std::size_t count, Form form, bool by_name = true);

  // How many of the first of a queue can run together: not more than limits::kBatchStatementsMax and, past
  // the first, limits::kBatchMaxBytes; no long read beside anything; none that locks many rows of a user
  // beside another one that locks any of them, and no write beside one that locks any keys.
  static std::size_t fitting(const std::deque<Job>& queue);

  bool empty() const { return jobs_.empty(); }
  void clear() { jobs_.clear(); }  // it is over
  std::size_t size() const { return jobs_.size(); }
  bool apart() const { return form_ == Form::apart; }
  bool writes() const { return reads_ < jobs_.size(); }  // any of its statements
  bool by_name() const { return by_name_; }              // its statements run by their prepared names
  std::vector<Job>& jobs() { return jobs_; }             // reads first
  const std::vector<Step>& steps() const { return steps_; }

  // How many of the first steps are sent at once. The server carries a COMMIT out before it has seen the
  // Sync, so in a large batch these two are kept back until all else is with the kernel: before that, nothing
  // has happened.
  std::size_t sent_at_once() const { return holds_commit_ ? steps_.size() - 2 : steps_.size(); }
  bool holds_commit() const { return holds_commit_; }
  void release_commit() { holds_commit_ = false; }
  // Whether some of it may have ended although not all of it has been sent.
  bool ends_early() const { return apart() || (in_block_ && !holds_commit_); }

  Progress take(Reply reply);
  std::size_t taken() const { return taken_; }

  // Once complete, to each job: rows (of a write: committed), its own error, or aborted: it was not run, or
  // undone.
  Reply& reply(std::size_t index) { return replies_[index]; }
  // Why BEGIN or COMMIT failed, if one did: the writes are aborted then, if the error of a COMMIT says so.
  const std::optional<Reply>& begin_error() const { return begin_error_; }
  const std::optional<Reply>& commit_error() const { return commit_error_; }

 private:
  void begin(Form form, bool by_name);
  void lay_out_block();
  Progress take_rows(Reply reply);
  void take_error(Reply reply);
  Progress take_sync(bool in_block);

  std::vector<Job> jobs_;
  std::vector<Step> steps_;
  std::vector<Reply> replies_;  // by job
  std::optional<Reply> begin_error_;
  std::optional<Reply> commit_error_;
  Form form_ = Form::together;
  bool by_name_ = true;
  bool in_block_ = false;
  bool holds_commit_ = false;
  bool block_failed_ = false;  // before its COMMIT, which the server has skipped
  bool rolling_back_ = false;  // the ROLLBACK is sent
  std::size_t reads_ = 0;      // the first jobs
  std::size_t at_ = 0;         // the step that the next reply belongs to
  std::size_t taken_ = 0;
};

}  // namespace tasklane
