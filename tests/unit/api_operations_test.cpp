// The operators' endpoints and the text Prometheus reads.

#include <boost/test/unit_test.hpp>
#include <map>
#include <sstream>
// g++ 12 takes std::regex for uninitialized when it is compiled with the sanitizers (GCC bug 105562).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <regex>
#pragma GCC diagnostic pop

#include "api/metrics_text.h"
#include "api_fixture.h"

using namespace tasklane;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Every sample by its name and labels, as written.
std::map<std::string, std::string> samples_of(const std::string& text) {
  std::map<std::string, std::string> samples;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with('#')) continue;
    const auto space = line.rfind(' ');
    BOOST_TEST(samples.emplace(line.substr(0, space), line.substr(space + 1)).second, "twice: " << line);
  }
  return samples;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(operations_endpoints, ApiFixture)

BOOST_AUTO_TEST_CASE(healthz_answers_without_the_database) {
  database = fail(ErrorType::service_unavailable, "Away");
  const Response response = send("GET", "/healthz");
  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.body == R"({"status":"ok"})");
}

BOOST_AUTO_TEST_CASE(readyz_tells_nothing_of_the_inside_unless_it_is_asked_for_details) {
  BOOST_TEST(send("GET", "/readyz").body == R"({"status":"ready"})");
  metrics.layout().workers_configured = 3;
  BOOST_TEST(send("GET", "/readyz").body == R"({"status":"degraded"})");
  Error error{.type = ErrorType::service_unavailable, .detail = "Away"};
  error.database =
      std::make_shared<DatabaseState>(DatabaseState{.connecting = true, .since = {}, .last_failure = {}});
  database = std::unexpected(error);
  const Response response = send("GET", "/readyz");
  BOOST_TEST(response.status == 503);
  BOOST_TEST(response.body.starts_with(R"({"detail":"Not ready","message":"Not ready")"), response.body);
  BOOST_TEST(!response.body.contains("database"));
}

BOOST_AUTO_TEST_CASE(by_tcp_nothing_of_the_inside_is_told) {
  const auto by_tcp = [&](const std::string& target) {
    Request request = make_request("GET", target);
    request.by_tcp = true;
    request.readiness_details = true;
    return send(std::move(request));
  };
  for (const char* const target : {"/metrics", "/status"}) {
    const Response response = by_tcp(target);
    BOOST_TEST(response.status == 404);
    BOOST_TEST(kind_of(response) == "not_found_error");
    BOOST_TEST(send("GET", target).status == 200);
  }
  BOOST_TEST(by_tcp("/healthz").status == 200);
  BOOST_TEST(by_tcp("/readyz").body == R"({"status":"ready"})");
}

BOOST_AUTO_TEST_CASE(readyz_asks_the_database) {
  BOOST_TEST(send("GET", "/readyz").status == 200);
  database = fail(ErrorType::service_unavailable, "Away");
  const Response response = send("GET", "/readyz");
  BOOST_TEST(response.status == 503);
  BOOST_TEST(kind_of(response) == "service_unavailable");
  BOOST_TEST(header_of(response, "Retry-After") == "1");
  BOOST_TEST(responses(Endpoint::readyz, 5) == 1U);
}

BOOST_AUTO_TEST_CASE(readyz_turns_balancers_away_while_the_host_drains) {
  metrics.layout().draining_since_ms = 1;
  const Response response = send("GET", "/readyz");
  BOOST_TEST(response.status == 503);
  BOOST_TEST(kind_of(response) == "service_unavailable");
  BOOST_TEST(response.body.contains("This host is draining"));
  BOOST_TEST(send("GET", "/healthz").status == 200);
  BOOST_TEST(send_as("alice", "GET", "/api/tasks").status == 200);
}

BOOST_AUTO_TEST_CASE(readyz_tells_of_the_attempt_to_connect) {
  const auto wait = [](bool connecting) {
    Error error{.type = ErrorType::service_unavailable, .detail = "Away"};
    error.database = std::make_shared<DatabaseState>(
        DatabaseState{.connecting = connecting,
                      .since = std::chrono::milliseconds(2000),
                      .last_failure = ConnectFailure::timed_out});
    return error;
  };
  database = std::unexpected(wait(true));
  const Response connecting = detailed_readiness();
  BOOST_TEST(connecting.status == 503);
  BOOST_TEST(connecting.body.starts_with(R"({"detail":"Connecting to the database")"), connecting.body);
  BOOST_TEST(connecting.body.contains(
      R"("database":{"status":"connecting","since_ms":2000,"last_failure":"timed_out"})"));
  database = std::unexpected(wait(false));
  BOOST_TEST(detailed_readiness().body.starts_with(R"({"detail":"Away")"));
}

BOOST_AUTO_TEST_CASE(readyz_says_degraded_while_workers_are_missing) {
  metrics.layout().workers_configured = 3;
  metrics.layout().workers_ready = 3;
  BOOST_TEST(detailed_readiness().body ==
             R"({"status":"ready","workers":{"configured":3,"ready":3,"waiting":0,"refused":0}})");
  metrics.layout().workers_ready = 1;
  metrics.layout().workers_waiting = 1;
  metrics.layout().workers_refused = 1;
  const Response response = detailed_readiness();
  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.body ==
             R"({"status":"degraded","workers":{"configured":3,"ready":1,"waiting":1,"refused":1}})");
}

BOOST_AUTO_TEST_CASE(readyz_does_not_call_a_successor_that_is_ready_early_too_many) {
  metrics.layout().workers_configured = 2;
  metrics.layout().workers_ready = 3;
  BOOST_TEST(detailed_readiness().body.starts_with(R"({"status":"ready")"));
}

BOOST_AUTO_TEST_CASE(status_lists_the_workers_that_run) {
  metrics.layout().workers_configured = 2;
  metrics.layout().worker_restarts = 5;
  own.pid = 4711;
  own.generation = 2;
  own.started_at_seconds = 1'700'000'000;
  own.fastcgi_connections = 6;
  const auto status = parse_json(send("GET", "/status").body);
  BOOST_REQUIRE(status);
  BOOST_TEST(*status->find("workers_configured")->integer() == 2);
  BOOST_TEST(*status->find("worker_restarts")->integer() == 5);
  const auto& workers = *status->find("workers")->array();
  BOOST_REQUIRE(workers.size() == 1U);
  BOOST_TEST(*workers[0].find("pid")->integer() == 4711);
  BOOST_TEST(*workers[0].find("generation")->integer() == 2);
  BOOST_TEST(*workers[0].find("started_at")->integer() == 1'700'000'000);
  BOOST_TEST(*workers[0].find("connections")->integer() == 6);
}

BOOST_AUTO_TEST_CASE(metrics_is_plain_text) {
  const Response response = send("GET", "/metrics");
  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  BOOST_TEST(response.body.starts_with("# HELP tasklane_"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(prometheus_text, ApiFixture)

BOOST_AUTO_TEST_CASE(every_line_is_valid_and_every_sample_belongs_to_the_metric_above) {
  for (int i = 0; i < 3; ++i) send_as("alice", "GET", "/api/tasks");
  send("GET", "/api/tasks");
  const std::regex help(R"(# HELP (tasklane_[a-z_]+) [^\\]+)");
  const std::regex type("# TYPE (tasklane_[a-z_]+) (counter|gauge|histogram)");
  const std::regex sample(
      R"re((tasklane_[a-z_]+?)(_bucket|_sum|_count)?(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})?)re"
      R"re( (\d+(\.\d+)?(e[+-]?\d+)?))re");
  const std::string text = metrics_text(metrics.layout());
  BOOST_TEST(text.ends_with('\n'));
  std::string helped;
  std::string metric;
  std::string kind;
  std::map<std::string, int> heads;
  for (const std::string& line : lines_of(text)) {
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      helped = match[1];
      BOOST_TEST(++heads[helped] == 1, "twice: " << helped);
    } else if (std::regex_match(line, match, type)) {
      metric = match[1];
      kind = match[2];
      BOOST_TEST(metric == helped);
      BOOST_TEST((kind != "counter" || metric.ends_with("_total")), metric);
    } else {
      BOOST_REQUIRE_MESSAGE(std::regex_match(line, match, sample), line);
      const std::string name = std::string(match[1]) + (kind == "histogram" ? "" : std::string(match[2]));
      BOOST_TEST(name == metric, line);
      BOOST_TEST((kind == "histogram") == match[2].matched, line);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_histogram_is_cumulative_and_in_seconds) {
  const auto list = static_cast<std::size_t>(Endpoint::list_tasks);
  WorkerMetrics& other = metrics.layout().workers[0];
  add(other.starts);
  own.latency[list][0] = 3;      // up to 250 µs
  own.latency[list][4] = 2;      // up to 5 ms
  own.latency[list].back() = 1;  // past 5 s
  other.latency[list][4] = 10;
  own.latency_sum_microseconds[list] = 6'500'000;
  other.latency_sum_microseconds[list] = 50'000;
  auto samples = samples_of(metrics_text(metrics.layout()));
  const std::string labels = R"(route="/api/tasks",method="GET")";
  const auto bucket = [&](const std::string& bound) {
    return samples.at("tasklane_request_duration_seconds_bucket{" + labels + R"(,le=")" + bound + R"("})");
  };
  BOOST_TEST(bucket("0.00025") == "3");
  BOOST_TEST(bucket("0.0005") == "3");
  BOOST_TEST(bucket("0.0025") == "3");
  BOOST_TEST(bucket("0.005") == "15");
  BOOST_TEST(bucket("1") == "15");
  BOOST_TEST(bucket("5") == "15");
  BOOST_TEST(bucket("+Inf") == "16");
  BOOST_TEST(samples["tasklane_request_duration_seconds_count{" + labels + "}"] == "16");
  BOOST_TEST(samples["tasklane_request_duration_seconds_sum{" + labels + "}"] == "6.55");
}

BOOST_AUTO_TEST_CASE(the_bounds_ascend) {
  BOOST_TEST(std::ranges::is_sorted(kLatencyBucketsMicroseconds));
}

BOOST_AUTO_TEST_CASE(sums_over_all_workers) {
  metrics.layout().workers_configured = 4;
  metrics.layout().worker_restarts = 2;
  for (const std::size_t slot : {0U, 3U, 127U}) {
    WorkerMetrics& worker = metrics.layout().workers[slot];
    worker.database_batches = 5;
    worker.fastcgi_connections = 7;
    worker.starts = 1;
    worker.requests[static_cast<std::size_t>(Endpoint::get_task)][0][0] = 2;
  }
  auto samples = samples_of(metrics_text(metrics.layout()));
  BOOST_TEST(samples["tasklane_database_batches_total"] == "15");
  BOOST_TEST(samples["tasklane_fastcgi_connections"] == "21");
  BOOST_TEST(samples[R"(tasklane_requests_total{route="/api/tasks/{id}",method="GET",status="200"})"] == "6");
  BOOST_TEST(samples["tasklane_workers_configured"] == "4");
  BOOST_TEST(samples["tasklane_worker_restarts_total"] == "2");
}

BOOST_AUTO_TEST_SUITE_END()
