#include "postgres/batch.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tasklane {

namespace {

// In the order of users and ids, in the places that they have among the others.
void sort_changes(std::vector<Job>& jobs) {
  std::vector<Job*> places;
  for (Job& job : jobs) {
    if (job.statement->changes_a_row) places.push_back(&job);
  }
  const auto row = [](const Job* job) { return job->parameters.bytes(); };
  if (std::ranges::is_sorted(places, {}, row)) return;
  auto sorted = places;
  std::ranges::stable_sort(sorted, {}, row);
  std::vector<Job> changes;
  for (Job* const job : sorted) changes.push_back(std::move(*job));
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = std::move(changes[i]);
}

}  // namespace

Batch::Batch(std::vector<Job> jobs, bool apart, bool by_name)
    : jobs_(std::move(jobs)), apart_(apart), by_name_(by_name), syncs_left_(apart ? jobs_.size() : 1) {
  replies_.resize(jobs_.size());
  if (!apart_) sort_changes(jobs_);
  writes_ = std::ranges::any_of(jobs_, [](const Job& job) { return job.statement->effect == Effect::write; });
}

bool Batch::take(Reply reply) {
  switch (reply.kind) {
    case Reply::Kind::sync:
      return --syncs_left_ == 0;
    case Reply::Kind::rows:
    case Reply::Kind::aborted:
      if (answering_ < replies_.size()) replies_[answering_++] = std::move(reply);
      return false;
    case Reply::Kind::error: {
      failed_ = true;
      // Behind the last statement's rows an error is the commit's own: it is the fate of the statement before
      // it.
      const std::size_t sent_syncs = apart_ ? jobs_.size() - syncs_left_ : 0;
      const bool at_commit = apart_ ? answering_ > sent_syncs : answering_ == replies_.size();
      if (at_commit) {
        replies_[answering_ - 1] = std::move(reply);
      } else {
        if (!apart_) culprit_ = answering_;
        replies_[answering_++] = std::move(reply);
      }
      return false;
    }
  }
  std::unreachable();
}

}  // namespace tasklane
