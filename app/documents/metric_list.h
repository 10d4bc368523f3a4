#pragma once
// The table of the metrics (api/metric_table.h) as docs/operations/seeing.md tells it.

#include <string>

namespace tasklane {

std::string metrics_as_markdown();

}  // namespace tasklane
