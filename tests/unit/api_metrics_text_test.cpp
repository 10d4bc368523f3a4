#include "api/metrics_text.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "auth/jwt.h"
#include "base/endpoint.h"
#include "http/problem.h"

using namespace tasklane;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return text.find('\n' + line + '\n') != std::string::npos;
}

WorkerMetrics& started(Metrics& metrics, std::size_t slot) {
  WorkerMetrics& worker = metrics.layout().workers[slot];
  add(worker.starts);
  return worker;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_texts)

BOOST_AUTO_TEST_CASE(sums_the_workers_by_route_method_and_status) {
  Metrics metrics = Metrics::create();
  const auto list = static_cast<std::size_t>(Endpoint::list_tasks);
  const auto ok = status_index(success(Success::ok, {}).status);
  add(started(metrics, 0).requests[list][method_index("GET")][ok], 2);
  add(started(metrics, 127).requests[list][method_index("GET")][ok], 3);
  const std::string text = metrics_text(metrics.layout(), {});
  BOOST_TEST(has_line(text, R"(tasklane_requests_total{route="/api/tasks",method="GET",status="200"} 5)"),
             text);
}

BOOST_AUTO_TEST_CASE(a_histogram_rises_to_its_count_and_is_the_endpoints_own) {
  Metrics metrics = Metrics::create();
  WorkerMetrics& worker = started(metrics, 0);
  const auto get = static_cast<std::size_t>(Endpoint::get_task);
  add(worker.latency[get][0], 4);
  add(worker.latency[get][12]);
  add(worker.latency_sum_microseconds[get], 6'000'500);
  const std::string text = metrics_text(metrics.layout(), {});
  const std::string name =
      R"(tasklane_request_duration_seconds_bucket{route="/api/tasks/{id}",method="GET",le=)";
  BOOST_TEST(has_line(text, name + R"("0.00025"} 4)"), text);
  BOOST_TEST(has_line(text, name + R"("5"} 4)"));
  BOOST_TEST(has_line(text, name + R"("+Inf"} 5)"));
  BOOST_TEST(has_line(
      text, R"(tasklane_request_duration_seconds_sum{route="/api/tasks/{id}",method="GET"} 6.0005)"));
  BOOST_TEST(text.find(R"(bucket{route="/healthz")") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(tells_every_reason_of_a_refused_token_by_name) {
  static_assert(kTokenFaults <= kAuthenticationFailuresMax);
  Metrics metrics = Metrics::create();
  add(started(metrics, 0).authentication_failures[static_cast<std::size_t>(TokenFault::expired)], 7);
  const std::string text = metrics_text(metrics.layout(), {});
  BOOST_TEST(has_line(text, R"(tasklane_authentication_failures_total{reason="expired"} 7)"), text);
  BOOST_TEST(has_line(text, R"(tasklane_authentication_failures_total{reason="wrong_audience"} 0)"));
  BOOST_TEST(has_line(text, R"(tasklane_authentication_failures_total{reason="no_header"} 0)"));
}

BOOST_AUTO_TEST_CASE(tells_of_running_workers_by_slot_and_of_no_other) {
  Metrics metrics = Metrics::create();
  WorkerMetrics& worker = started(metrics, 1);
  worker.pid = static_cast<std::uint64_t>(::getpid());
  worker.generation = 3;
  const std::string text = metrics_text(metrics.layout(), {});
  BOOST_TEST(has_line(text, R"(tasklane_worker_generation{slot="1"} 3)"), text);
  BOOST_TEST(text.find(R"(tasklane_worker_resident_bytes{slot="1"} )") != std::string::npos);
  BOOST_TEST(text.find(R"(slot="0")") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(leaves_the_listen_queue_out_when_the_kernel_does_not_tell) {
  const Metrics metrics = Metrics::create();
  BOOST_TEST(metrics_text(metrics.layout(), {}).find("listen_queue") == std::string::npos);
  const std::string text = metrics_text(metrics.layout(), ListenQueue{.waiting = 12, .max = 4096});
  BOOST_TEST(has_line(text, "tasklane_listen_queue 12"));
  BOOST_TEST(has_line(text, "tasklane_listen_queue_max 4096"));
}

BOOST_AUTO_TEST_SUITE_END()
