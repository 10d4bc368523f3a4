#include "base/endpoint.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "base/metrics.h"
#include "http/problem.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(labels)

BOOST_AUTO_TEST_CASE(every_endpoint_has_a_name_of_its_own_and_fits_the_shared_memory) {
  static_assert(kEndpoints <= kRoutesMax && kMethods.size() <= kMethodsMax);
  std::set<std::string_view> names;
  std::set<std::pair<std::string_view, std::string_view>> labels;
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    const auto endpoint = static_cast<Endpoint>(i);
    names.insert(spelling(endpoint));
    labels.emplace(route_label(endpoint), method_label(endpoint));
  }
  BOOST_TEST(names.size() == kEndpoints);
  BOOST_TEST(labels.size() == kEndpoints);
  BOOST_TEST(route_label(Endpoint::complete_task) == "/api/tasks/{id}/complete");
  BOOST_TEST(method_label(Endpoint::complete_task) == "PATCH");
}

BOOST_AUTO_TEST_CASE(a_method_of_a_clients_own_making_is_other) {
  BOOST_TEST(kMethods[method_index("DELETE")] == "DELETE");
  for (const auto* method : {"", "get", "BREW", "other", "OPTIONS"})
    BOOST_TEST(kMethods[method_index(method)] == "other");
}

BOOST_AUTO_TEST_CASE(every_status_a_worker_can_answer_has_its_place) {
  BOOST_REQUIRE(known_statuses().size() <= kStatusesMax);
  std::set<int> answered;
  for (int type = 0; type <= static_cast<int>(ErrorType::outcome_unknown); ++type)
    answered.insert(status_number(static_cast<ErrorType>(type)));
  for (const auto outcome : {Success::ok, Success::created, Success::no_content, Success::not_modified})
    answered.insert(success(outcome, {}).status);
  const std::set<int> known(known_statuses().begin(), known_statuses().end());
  BOOST_TEST(answered == known, boost::test_tools::per_element());
  for (const int status : answered) BOOST_TEST(known_statuses()[status_index(status)] == status);
}

BOOST_AUTO_TEST_SUITE_END()
