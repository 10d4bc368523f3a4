#pragma once
// The shared counters in Prometheus' text exposition format 0.0.4, summed over all workers.

#include <string>

#include "base/metrics.h"

namespace tasklane {

std::string metrics_text(const MetricsLayout& metrics);

}  // namespace tasklane
