#pragma once
// Whether a worker's connections may run their statements by the names they have prepared. A pooler in
// transaction mode that knows nothing of prepared statements (PgBouncer before 1.21) gives every transaction
// another server connection, which knows the name by accident only. Then statements go unnamed, text and
// parameters together, for the rest of the worker's life; a reload tries again.

#include <string_view>

#include "base/log.h"
#include "base/metrics.h"

namespace tasklane {

class PreparedNames {
 public:
  explicit PreparedNames(WorkerMetrics& metrics) : metrics_(metrics) {}

  bool usable() const { return usable_; }
  void give_up(std::string_view sqlstate) {
    if (!usable_) return;
    usable_ = false;
    add(metrics_.database_unnamed);
    log::warning("the database's connections do not keep prepared statements (a pooler?); going on without",
                 {{"sqlstate", sqlstate}});
  }

 private:
  WorkerMetrics& metrics_;
  bool usable_ = true;
};

}  // namespace tasklane
