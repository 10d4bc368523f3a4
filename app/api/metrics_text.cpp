#include "api/metrics_text.h"

#include "api/metric_table.h"

namespace tasklane {

std::string metrics_text(const MetricsLayout& metrics, std::optional<ListenQueue> queue) {
  const Scrape scrape{metrics, queue};
  fmt::memory_buffer text;
  for (const Metric& metric : tasklane::metrics()) {
    if (metric.of_listen_queue && !queue) continue;
    fmt::format_to(std::back_inserter(text), "# HELP tasklane_{0} {1}\n# TYPE tasklane_{0} {2}\n",
                   metric.name, metric.help, metric.type);
    Samples samples(metric.name, text);
    metric.write(scrape, samples);
  }
  return fmt::to_string(text);
}

}  // namespace tasklane
