#include "documents/metric_list.h"

#include <boost/test/unit_test.hpp>

#include "api/metric_table.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(metric_list)

BOOST_AUTO_TEST_CASE(has_a_row_for_each_metric) {
  const std::string list = metrics_as_markdown();
  for (const Metric& metric : metrics())
    BOOST_TEST(list.contains(fmt::format("\n| `tasklane_{}` | {} | ", metric.name, metric.type)),
               metric.name);
}

BOOST_AUTO_TEST_CASE(leads_to_the_paragraphs_about_the_alerts) {
  BOOST_TEST(metrics_as_markdown().contains(
      "| [TasklaneErrors](#tasklaneerrors), [TasklaneTokensRefused](#tasklanetokensrefused) |\n"));
}

BOOST_AUTO_TEST_SUITE_END()
