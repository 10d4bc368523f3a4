#include "postgres/batch.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/limits.h"

namespace tasklane {

namespace {

using Kind = Batch::Step::Kind;

bool is_write(const Job& job) {
  return job.statement->effect == Effect::write;
}

// A lock's place in the order of all. Level 0: there is none; 1: a row; 2: a key.
using Place = std::tuple<int, std::string_view, std::string_view>;

Place row_of(const Job& job) {
  switch (job.statement->locks) {
    case Locks::row:
    case Locks::row_and_key:
      return {1, job.parameters.at(0), job.parameters.at(1)};
    case Locks::rows:
      return {1, job.parameters.at(0), ""};
    case Locks::nothing:
    case Locks::key:
    case Locks::any_keys:
      return {0, "", ""};
  }
  std::unreachable();
}

Place key_of(const Job& job) {
  switch (job.statement->locks) {
    case Locks::key:
      return {2, job.parameters.at(0), job.parameters.at(1)};
    case Locks::row_and_key:
      return {2, job.parameters.at(0), job.parameters.at(2)};
    case Locks::nothing:
    case Locks::row:
    case Locks::rows:
    case Locks::any_keys:
      return {0, "", ""};
  }
  std::unreachable();
}

}  // namespace

std::size_t Batch::fitting(const std::deque<Job>& queue) {
  const std::size_t most = std::min(queue.size(), limits::kBatchStatementsMax);
  if (most == 1) return 1;
  std::size_t many = 0;
  std::size_t bytes = 0;
  bool writes = false;
  bool alone = false;  // one of them runs in a transaction of its own
  for (std::size_t i = 0; i < most; ++i) {
    bytes += queue[i].parameters.bytes().size();
    if (i > 0 && bytes > limits::kBatchMaxBytes) return i;
    if (queue[i].statement->effect == Effect::long_read) return std::max<std::size_t>(i, 1);
    const bool keeps_apart = queue[i].statement->locks == Locks::any_keys;
    if (is_write(queue[i]) && (alone || (keeps_apart && writes))) return i;
    writes = writes || is_write(queue[i]);
    alone = alone || keeps_apart;
    const auto meets = [&](const Job& other) {
      return row_of(other) != Place() && other.parameters.at(0) == queue[i].parameters.at(0);
    };
    const bool all = queue[i].statement->locks == Locks::rows;
    many += all ? 1 : 0;
    if (many == 0 || row_of(queue[i]) == Place()) continue;
    const auto end = queue.begin() + static_cast<std::ptrdiff_t>(i);
    const bool crosses = std::any_of(queue.begin(), end, [&](const Job& other) {
      return meets(other) && (all || other.statement->locks == Locks::rows);
    });
    if (crosses) return i;
  }
  return most;
}

void Batch::fill(std::vector<Job> jobs, Form form, bool by_name) {
  jobs_ = std::move(jobs);
  begin(form, by_name);
}

void Batch::fill(std::deque<Job>& queue, std::size_t count, Form form, bool by_name) {
  jobs_.clear();
  for (; count > 0; --count) {
    jobs_.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  begin(form, by_name);
}

void Batch::begin(Form form, bool by_name) {
  replies_.clear();
  replies_.resize(jobs_.size());
  steps_.clear();
  begin_error_.reset();
  commit_error_.reset();
  form_ = form;
  by_name_ = by_name;
  in_block_ = holds_commit_ = block_failed_ = rolling_back_ = false;
  at_ = taken_ = 0;
  if (jobs_.size() == 1) {
    reads_ = is_write(jobs_.front()) ? 0 : 1;
    steps_.push_back({Kind::run, 0});
    steps_.push_back({Kind::sync});
    return;
  }
  const auto writes = std::ranges::stable_partition(jobs_, std::not_fn(is_write));
  reads_ = static_cast<std::size_t>(writes.begin() - jobs_.begin());
  steps_.reserve(apart() ? 2 * jobs_.size() : jobs_.size() + 4);
  if (apart()) {
    for (std::size_t i = 0; i < jobs_.size(); ++i)
      steps_.insert(steps_.end(), {{Kind::run, i}, {Kind::sync}});
    return;
  }
  for (std::size_t i = 0; i < reads_; ++i) steps_.push_back({Kind::run, i});
  if (reads_ > 0) steps_.push_back({Kind::sync});
  if (writes.size() == 1) steps_.insert(steps_.end(), {{Kind::run, reads_}, {Kind::sync}});
  if (writes.size() > 1) lay_out_block();
}

// Every row before any key: locked by the statement that changes it, or ahead of the one that locks a key as
// well; once, however many follow on the same row.
void Batch::lay_out_block() {
  const auto writes = std::ranges::subrange(jobs_.begin() + static_cast<std::ptrdiff_t>(reads_), jobs_.end());
  std::ranges::stable_sort(writes, {}, [](const Job& job) { return std::pair(key_of(job), row_of(job)); });
  in_block_ = true;
  std::vector<Step> rows;
  std::vector<Step> keys;
  std::size_t bytes = 0;
  for (std::size_t i = reads_; i < jobs_.size(); ++i) {
    const bool keyed = key_of(jobs_[i]) != Place(0, "", "");
    if (jobs_[i].statement->locks == Locks::row_and_key) rows.push_back({Kind::lock, i});
    (keyed ? keys : rows).push_back({Kind::run, i});
    bytes += jobs_[i].parameters.bytes().size();
  }
  if (!keys.empty()) std::ranges::stable_sort(rows, {}, [&](Step step) { return row_of(jobs_[step.job]); });
  steps_.push_back({Kind::begin});
  for (Place before; const Step step : rows) {
    const Place row = row_of(jobs_[step.job]);
    if (step.kind == Kind::run || row != before) steps_.push_back(step);
    before = row;
  }
  steps_.insert(steps_.end(), keys.begin(), keys.end());
  steps_.insert(steps_.end(), {{Kind::commit}, {Kind::sync}});
  holds_commit_ = bytes > limits::kBatchAtOnceMaxBytes;
}

Batch::Progress Batch::take(Reply reply) {
  if (rolling_back_) {
    if (reply.kind == Reply::Kind::error) return Progress::stuck;
    return reply.kind == Reply::Kind::sync ? Progress::complete : Progress::open;
  }
  switch (reply.kind) {
    case Reply::Kind::rows:
      return take_rows(std::move(reply));
    case Reply::Kind::error:
      take_error(std::move(reply));
      return Progress::open;
    case Reply::Kind::aborted:
      ++at_;
      return Progress::open;
    case Reply::Kind::sync:
      return take_sync(reply.in_block);
  }
  std::unreachable();
}

Batch::Progress Batch::take_rows(Reply reply) {
  const Step step = steps_[at_++];
  if (step.kind != Kind::run) return Progress::open;
  taken_ = step.job;
  replies_[step.job] = std::move(reply);
  return step.job < reads_ && !apart() ? Progress::read : Progress::open;
}

void Batch::take_error(Reply reply) {
  // In a Sync's place the error is the transaction's end's, and so of the one statement before it.
  const bool at_end = steps_[at_].kind == Kind::sync;
  const Step failed = at_end ? steps_[at_ - 1] : steps_[at_++];
  switch (failed.kind) {
    case Kind::begin:
      begin_error_ = std::move(reply);
      return;
    case Kind::commit:
      commit_error_ = std::move(reply);
      return;
    case Kind::lock:
    case Kind::run:
      block_failed_ = in_block_ && failed.job >= reads_;
      replies_[failed.job] = std::move(reply);
      return;
    case Kind::sync:
      return;
  }
}

Batch::Progress Batch::take_sync(bool in_block) {
  ++at_;
  if (at_ < steps_.size()) return Progress::open;
  if (block_failed_ || begin_error_ || commit_error_) {
    for (std::size_t i = reads_; i < jobs_.size(); ++i) {
      if (replies_[i].kind == Reply::Kind::rows) replies_[i] = {.kind = Reply::Kind::aborted};
    }
  }
  rolling_back_ = in_block;
  return in_block ? Progress::failed : Progress::complete;
}

}  // namespace tasklane
