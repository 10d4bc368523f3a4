#include "api/metrics_text.h"

#include <fmt/format.h>

#include "base/version.h"
#include "http/router.h"

namespace tasklane {

namespace {

class Text {
 public:
  explicit Text(const MetricsLayout& metrics) : metrics_(metrics) {}

  void head(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(out(), "# HELP tasklane_{} {}\n# TYPE tasklane_{} {}\n", name, help, name, type);
  }
  void value(std::string_view name, std::string_view labels, auto number) {
    fmt::format_to(out(), "tasklane_{}{} {}\n", name, labels, number);
  }
  // A whole metric: the sum over the workers of one of their counters.
  void sum(std::string_view name, std::string_view type, std::string_view help,
           Counter WorkerMetrics::*counter) {
    head(name, type, help);
    value(name, "", total([&](const WorkerMetrics& worker) { return read(worker.*counter); }));
  }
  std::uint64_t total(auto of) const {
    std::uint64_t sum = 0;
    for (const WorkerMetrics& worker : metrics_.workers) sum += of(worker);
    return sum;
  }
  std::string take() { return fmt::to_string(buffer_); }

 private:
  std::back_insert_iterator<fmt::memory_buffer> out() { return std::back_inserter(buffer_); }

  const MetricsLayout& metrics_;
  fmt::memory_buffer buffer_;
};

// What the master tells of the pool and of what operators asked for.
void supervision(Text& text, const MetricsLayout& metrics) {
  const auto one = [&](std::string_view name, std::string_view type, std::string_view help,
                       const Counter& value) {
    text.head(name, type, help);
    text.value(name, "", read(value));
  };
  one("generation", "gauge", "The generation that serves: one more after each reload.", metrics.generation);
  one("workers_ready", "gauge", "Its workers that are ready.", metrics.workers_ready);
  one("workers_waiting", "gauge", "Its workers that died and will be started again.",
      metrics.workers_waiting);
  one("workers_refused", "gauge", "Its workers that refused their configuration.", metrics.workers_refused);
  text.head("reloads_total", "counter", "Reloads by outcome.");
  text.value("reloads_total", R"({outcome="done"})", read(metrics.reloads_done));
  text.value("reloads_total", R"({outcome="failed"})", read(metrics.reloads_failed));
  one("last_reload_failed", "gauge", "1 when the last reload failed.", metrics.last_reload_failed);
  one("last_reload_timestamp_seconds", "gauge", "When it ended; 0: there was none.",
      metrics.last_reload_at_seconds);
  text.head("worker_kills_total", "counter", "Workers that the master had to kill, by reason.");
  text.value("worker_kills_total", R"({reason="not_ready"})", read(metrics.kills_not_ready));
  text.value("worker_kills_total", R"({reason="not_drained"})", read(metrics.kills_not_drained));
  text.value("worker_kills_total", R"({reason="stopped_turning"})", read(metrics.kills_stopped_turning));
  one("worker_retirements_total", "counter", "Workers replaced for their age or size.", metrics.retirements);
  one("master_upgrades_total", "counter", "Executables that took the master's place.", metrics.upgrades);
}

void responses(Text& text) {
  text.head("responses_total", "counter", "Responses by endpoint and class of status.");
  for (std::size_t endpoint = 0; endpoint < kEndpoints; ++endpoint) {
    for (std::size_t status = 1; status < 6; ++status) {
      const auto count =
          text.total([&](const WorkerMetrics& w) { return read(w.responses[endpoint][status]); });
      if (count == 0) continue;
      text.value("responses_total",
                 fmt::format(R"({{endpoint="{}",status="{}xx"}})", spelling(static_cast<Endpoint>(endpoint)),
                             status),
                 count);
    }
  }
}

void latency(Text& text) {
  text.head("request_duration_seconds", "histogram", "From reading a request to its answer, in the worker.");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= kLatencyBucketsMicroseconds.size(); ++i) {
    count += text.total([&](const WorkerMetrics& w) { return read(w.latency[i]); });
    const std::string bound =
        i < kLatencyBucketsMicroseconds.size()
            ? fmt::format("{}", static_cast<double>(kLatencyBucketsMicroseconds[i]) / 1e6)
            : "+Inf";
    text.value("request_duration_seconds_bucket", fmt::format(R"({{le="{}"}})", bound), count);
  }
  const auto sum = text.total([](const WorkerMetrics& w) { return read(w.latency_sum_microseconds); });
  text.value("request_duration_seconds_sum", "", static_cast<double>(sum) / 1e6);
  text.value("request_duration_seconds_count", "", count);
}

}  // namespace

std::string metrics_text(const MetricsLayout& metrics) {
  using W = WorkerMetrics;
  Text text(metrics);
  text.head("build_info", "gauge", "Always 1; the version is its label.");
  text.value("build_info", fmt::format(R"({{version="{}"}})", kVersion), 1);
  text.head("workers_configured", "gauge", "Workers that the master keeps.");
  text.value("workers_configured", "", read(metrics.workers_configured));
  text.head("worker_restarts_total", "counter",
            "Workers that ended without being asked to and were replaced.");
  text.value("worker_restarts_total", "", read(metrics.worker_restarts));
  supervision(text, metrics);
  responses(text);
  latency(text);
  text.sum("requests_in_flight", "gauge", "Requests being answered now.", &W::requests_in_flight);
  text.sum("fastcgi_connections", "gauge", "Connections from nginx.", &W::fastcgi_connections);
  text.sum("overload_rejections_total", "counter", "Requests refused at the bound of requests in flight.",
           &W::overload_rejections);
  text.sum("authentication_failures_total", "counter", "Requests without a valid token.",
           &W::authentication_failures);
  text.sum("token_cache_hits_total", "counter", "Tokens found verified.", &W::token_cache_hits);
  text.sum("token_cache_misses_total", "counter", "Tokens that had to be verified.", &W::token_cache_misses);
  text.sum("database_connections_ready", "gauge", "Database connections that serve.",
           &W::database_connections_ready);
  text.sum("database_statements_in_flight", "gauge", "Statements sent and not answered.",
           &W::database_statements_in_flight);
  text.sum("database_statements_total", "counter", "Statements sent.", &W::database_statements);
  text.sum("database_batches_total", "counter", "Batches sent, each with one Sync.", &W::database_batches);
  text.sum("database_batch_failures_total", "counter", "Batches undone and run again one by one.",
           &W::database_batch_failures);
  text.sum("database_connects_total", "counter", "Attempts to connect.", &W::database_connects);
  text.sum("database_connection_losses_total", "counter", "Connections lost.",
           &W::database_connection_losses);
  return text.take();
}

}  // namespace tasklane
