#include "documents/metric_list.h"

#include "api/metric_table.h"
#include "base/text.h"

namespace tasklane {

namespace {

// Links to the paragraphs about the alerts, on the same page.
std::string links(std::string_view alerts) {
  std::string text;
  while (!alerts.empty()) {
    const auto alert = trim(take_until(alerts, ','));
    text += fmt::format("{}[{}](#{})", text.empty() ? "" : ", ", alert, to_lower(alert));
  }
  return text;
}

}  // namespace

std::string metrics_as_markdown() {
  std::string text = "| name | type | labels | | alert |\n|---|---|---|---|---|\n";
  for (const Metric& metric : metrics()) {
    text +=
        fmt::format("| `tasklane_{}` | {} | {} | {}{}{} | {} |\n", metric.name, metric.type, metric.labels,
                    metric.help, metric.more.empty() ? "" : " ", metric.more, links(metric.alerts));
  }
  return text;
}

}  // namespace tasklane
