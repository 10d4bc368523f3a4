#pragma once
// The shared counters in Prometheus' text exposition format 0.0.4, summed over all workers, and beside them
// what the kernel knows at this moment. metric_table.h lists every name.

#include <optional>
#include <string>

#include "base/listen_queue.h"
#include "base/metrics.h"

namespace tasklane {

std::string metrics_text(const MetricsLayout& metrics, std::optional<ListenQueue> queue = {});

}  // namespace tasklane
