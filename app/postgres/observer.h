#pragma once
// Makes log lines and metrics of what happens to connections and statements.

#include "base/metrics.h"
#include "postgres/observation.h"

namespace tasklane {

class Observer {
 public:
  explicit Observer(WorkerMetrics& metrics) : metrics_(metrics) {}
  void observe(const Observation& observation);
  // Those of every request.
  void observe(const BatchSent& sent);
  void observe(const InFlightChanged& changed);
  void observe(const StatementAnswered& answered);

 private:
  WorkerMetrics& metrics_;
};

}  // namespace tasklane
