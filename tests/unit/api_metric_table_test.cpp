#include "api/metric_table.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>
#include <sstream>
#include <string>

using namespace tasklane;

namespace {

// The lines of a metric, from a scrape.
std::vector<std::string> lines_of(const Metric& metric, const MetricsLayout& layout) {
  fmt::memory_buffer text;
  Samples samples(metric.name, text);
  metric.write({layout, ListenQueue{}}, samples);
  std::vector<std::string> lines;
  std::istringstream stream(fmt::to_string(text));
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Every counter is 1, so that each metric has lines.
void count_everything(MetricsLayout& layout) {
  auto* const counters = reinterpret_cast<Counter*>(&layout);
  std::fill(counters + 1, counters + sizeof(layout) / sizeof(Counter), 1);  // the first is the version
}

// {route="a",method="b"}: "route, method"
std::string label_names(const std::string& line) {
  std::string names;
  for (std::size_t at = line.find('{'); at < line.size() && line[at] != '}';) {
    const auto end = line.find("=\"", at + 1);
    names += (names.empty() ? "" : ", ") + line.substr(at + 1, end - at - 1);
    at = line.find('"', end + 2) + 1;
  }
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metric_table)

BOOST_AUTO_TEST_CASE(has_each_name_once_and_as_prometheus_wants_it) {
  std::set<std::string_view> names;
  for (const Metric& metric : metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(names.insert(metric.name).second);
      BOOST_TEST(metric.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
      BOOST_TEST((metric.type == "counter" || metric.type == "gauge" || metric.type == "histogram"));
      BOOST_TEST(metric.name.ends_with("_total") == (metric.type == "counter"));
    }
  }
}

BOOST_AUTO_TEST_CASE(tells_of_each_in_plain_sentences) {
  for (const Metric& metric : metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(metric.help.ends_with('.'));
      BOOST_TEST(metric.help.find_first_of("`\n\\|") == std::string_view::npos);
      BOOST_TEST((metric.more.empty() || metric.more.ends_with('.')));
    }
  }
}

BOOST_AUTO_TEST_CASE(names_the_labels_that_the_lines_have) {
  Metrics memory = Metrics::create();
  count_everything(memory.layout());
  for (const Metric& metric : metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      const auto lines = lines_of(metric, memory.layout());
      BOOST_REQUIRE(!lines.empty());
      std::string most;  // a histogram's sum has no "le"
      for (const auto& line : lines) most = std::max(most, label_names(line), std::ranges::less{});
      BOOST_TEST(most == metric.labels);
    }
  }
}

BOOST_AUTO_TEST_CASE(has_no_gauge_that_a_worker_leaves_behind) {
  Metrics memory = Metrics::create();
  WorkerMetrics& slot = memory.layout().workers[0];
  auto* const counters = reinterpret_cast<Counter*>(&slot);
  std::fill(counters, counters + sizeof(slot) / sizeof(Counter), 7);
  clear_gauges(slot);
  for (const Metric& metric : metrics()) {
    if (metric.type != "gauge" || metric.name == "build_info") continue;
    for (const auto& line : lines_of(metric, memory.layout())) BOOST_TEST(line.ends_with(" 0"), line);
  }
}

BOOST_AUTO_TEST_SUITE_END()
