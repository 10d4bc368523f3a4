#pragma once
// The table of the metrics: name, type, labels, what is told of each, and how its samples are made of the
// counters (base/metrics.h). /metrics and the list in docs/operations/seeing.md are rendered from it: a new
// metric is one entry here and its counter.

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/listen_queue.h"
#include "base/metrics.h"

namespace tasklane {

// What there is to tell at one moment.
struct Scrape {
  const MetricsLayout& metrics;
  std::optional<ListenQueue> queue;  // nullopt: the kernel does not tell
};

// The lines of one metric.
class Samples {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  Samples(std::string_view name, fmt::memory_buffer& text) : name_(name), text_(text) {}

  // `suffix` is a histogram's: "_bucket", "_sum", "_count".
  template <class Number>
  void add(Labels labels, Number number, std::string_view suffix = {}) {
    const auto out = std::back_inserter(text_);
    fmt::format_to(out, "tasklane_{}{}", name_, suffix);
    for (char before = '{'; const auto& [name, value] : labels)
      fmt::format_to(out, "{}{}=\"{}\"", std::exchange(before, ','), name, value);
    fmt::format_to(out, "{} {}\n", labels.size() == 0 ? "" : "}", number);
  }

 private:
  std::string_view name_;
  fmt::memory_buffer& text_;
};

struct Metric {
  std::string_view name;         // tasklane_ goes before it
  std::string_view type;         // Prometheus' word: counter, gauge, histogram
  std::string_view labels = {};  // their names, as the lines have them: "route, method"
  std::string_view help;         // a sentence, in plain text
  std::string_view more = {};    // for docs/operations/seeing.md, in Markdown
  std::string_view alerts = {};  // of docs/monitoring/alerts.yaml, those that look at it: "TasklaneSlow"
  void (*write)(const Scrape& scrape, Samples& samples);
  bool of_listen_queue = false;  // left out when the kernel does not tell
};

// In the order of /metrics.
std::span<const Metric> metrics();

}  // namespace tasklane
