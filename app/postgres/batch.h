#pragma once
// Statements sent together and what has come back for them: pure bookkeeping, no connection.
//
// Together: one Sync ends the batch, which the server runs as one implicit transaction; when a statement
// fails, all of it is undone. Apart: a Sync behind every statement, each its own transaction; a batch that
// failed runs again like that, so that one request's error never becomes another's.
//
// Sent together, the statements that change one row each go in the order of users and ids: two batches at
// once then lock rows in the same order, and one waits for the other where they would both wait (40P01).

#include <cstddef>
#include <optional>
#include <vector>

#include "postgres/job.h"
#include "postgres/libpq_connection.h"

namespace tasklane {

class Batch {
 public:
  Batch() = default;
  Batch(std::vector<Job> jobs, bool apart, bool by_name = true);

  bool empty() const { return jobs_.empty(); }
  std::size_t size() const { return jobs_.size(); }
  bool apart() const { return apart_; }
  bool writes() const { return writes_; }    // any of its statements
  bool by_name() const { return by_name_; }  // its statements run by their prepared names
  std::vector<Job>& jobs() { return jobs_; }

  // Takes the next reply. True once the batch's last Sync is back: only then may anything be answered.
  bool take(Reply reply);

  // Whether the server undid a batch sent together, so that its statements have to run again apart. A batch
  // of one has nobody to be parted from.
  bool undone() const { return failed_ && !apart_ && jobs_.size() > 1; }

  // Of a batch that was undone: the job whose statement failed. None when they all ran and the commit failed.
  std::optional<std::size_t> culprit() const { return culprit_; }

  // Of a complete batch that was not undone: the reply to each job, error or rows. Of one that was, the
  // culprit's.
  Reply& reply(std::size_t index) { return replies_[index]; }

 private:
  std::vector<Job> jobs_;
  std::vector<Reply> replies_;
  bool apart_ = false;
  bool writes_ = false;
  bool by_name_ = true;
  bool failed_ = false;
  std::optional<std::size_t> culprit_;
  std::size_t syncs_left_ = 0;
  std::size_t answering_ = 0;  // the job that the next reply belongs to
};

}  // namespace tasklane
