#include "api/metrics_text.h"

#include <fmt/format.h>

#include "auth/jwt.h"
#include "base/resident_memory.h"
#include "base/version.h"
#include "http/endpoint.h"
#include "http/problem.h"

namespace tasklane {

namespace {

using W = WorkerMetrics;

class Text {
 public:
  explicit Text(const MetricsLayout& metrics) : metrics_(metrics) {}

  void head(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(out(), "# HELP tasklane_{} {}\n# TYPE tasklane_{} {}\n", name, help, name, type);
  }
  void value(std::string_view name, std::string_view labels, auto number) {
    fmt::format_to(out(), "tasklane_{}{} {}\n", name, labels, number);
  }
  // A whole metric without labels.
  void metric(std::string_view name, std::string_view type, std::string_view help, auto number) {
    head(name, type, help);
    value(name, "", number);
  }
  // The sum over the workers of one of their counters.
  void sum(std::string_view name, std::string_view type, std::string_view help, Counter W::*counter) {
    metric(name, type, help, total([&](const W& worker) { return read(worker.*counter); }));
  }
  std::uint64_t total(auto of) const {
    std::uint64_t sum = 0;
    for (const W& worker : metrics_.workers) {
      if (read(worker.starts) > 0) sum += of(worker);
    }
    return sum;
  }
  // One line per worker that runs.
  void per_worker(std::string_view name, std::string_view type, std::string_view help, auto of) {
    head(name, type, help);
    for (std::size_t slot = 0; slot < metrics_.workers.size(); ++slot) {
      const W& worker = metrics_.workers[slot];
      if (read(worker.pid) == 0) continue;
      if (const std::optional<std::uint64_t> number = of(worker))
        value(name, fmt::format(R"({{slot="{}"}})", slot), *number);
    }
  }
  std::string take() { return fmt::to_string(buffer_); }

 private:
  std::back_insert_iterator<fmt::memory_buffer> out() { return std::back_inserter(buffer_); }

  const MetricsLayout& metrics_;
  fmt::memory_buffer buffer_;
};

std::string endpoint_labels(Endpoint endpoint, std::string_view more) {
  return fmt::format(R"({{route="{}",method="{}"{}}})", route_label(endpoint), method_label(endpoint), more);
}

// What never happened has no line: 11 endpoints with 7 methods and 13 statuses would be 1,001.
void requests(Text& text) {
  text.head("requests_total", "counter", "Requests answered, by route, method and status.");
  const auto statuses = known_statuses();
  for (std::size_t endpoint = 0; endpoint < kEndpoints; ++endpoint) {
    for (std::size_t method = 0; method < kMethods.size(); ++method) {
      for (std::size_t status = 0; status < statuses.size(); ++status) {
        const auto count = text.total([&](const W& w) { return read(w.requests[endpoint][method][status]); });
        if (count == 0) continue;
        text.value(
            "requests_total",
            fmt::format(R"({{route="{}",method="{}",status="{}"}})",
                        route_label(static_cast<Endpoint>(endpoint)), kMethods[method], statuses[status]),
            count);
      }
    }
  }
}

// By endpoint: a list of a thousand tasks and one task are no common distribution.
void latency(Text& text) {
  text.head("request_duration_seconds", "histogram",
            "From a request's first byte to its answer's last, in the worker; HEAD counts as GET.");
  for (std::size_t index = 0; index < kEndpoints; ++index) {
    const auto endpoint = static_cast<Endpoint>(index);
    std::array<std::uint64_t, kLatencyBucketsMicroseconds.size() + 1> counts;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] = count += text.total([&](const W& w) { return read(w.latency[index][i]); });
    if (count == 0) continue;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const std::string bound =
          i + 1 < counts.size() ? fmt::format("{}", static_cast<double>(kLatencyBucketsMicroseconds[i]) / 1e6)
                                : "+Inf";
      text.value("request_duration_seconds_bucket",
                 endpoint_labels(endpoint, fmt::format(R"(,le="{}")", bound)), counts[i]);
    }
    const auto sum = text.total([&](const W& w) { return read(w.latency_sum_microseconds[index]); });
    text.value("request_duration_seconds_sum", endpoint_labels(endpoint, ""), static_cast<double>(sum) / 1e6);
    text.value("request_duration_seconds_count", endpoint_labels(endpoint, ""), count);
  }
}

void load(Text& text) {
  requests(text);
  latency(text);
  text.sum("requests_in_flight", "gauge", "Requests being answered now.", &W::requests_in_flight);
  text.sum("requests_in_flight_max", "gauge", "The bound of it: REQUESTS_IN_FLIGHT_MAX of every worker.",
           &W::requests_in_flight_max);
  text.sum("overload_rejections_total", "counter", "Requests refused at the bound of requests in flight.",
           &W::overload_rejections);
  text.sum("slow_requests_total", "counter", "Requests that took SLOW_REQUEST_MS or longer.",
           &W::slow_requests);
  text.sum("idempotency_replays_total", "counter",
           "Requests whose Idempotency-Key was known: answered as the first one was.",
           &W::idempotency_replays);
  text.sum("idempotency_keys_removed_total", "counter", "Idempotency keys removed after their time.",
           &W::idempotency_keys_removed);
  text.sum("fastcgi_connections", "gauge", "Connections from nginx.", &W::fastcgi_connections);
}

void listener(Text& text, const std::optional<ListenQueue>& queue) {
  if (!queue) return;
  text.metric("listen_queue", "gauge", "Connections that wait to be accepted by a worker.", queue->waiting);
  text.metric("listen_queue_max", "gauge", "How many can wait; nginx answers 502 past it.", queue->max);
}

void tokens(Text& text) {
  text.head("authentication_failures_total", "counter", "Requests without a valid token, by what was wrong.");
  for (std::size_t fault = 0; fault < kTokenFaults; ++fault) {
    text.value("authentication_failures_total",
               fmt::format(R"({{reason="{}"}})", spelling(static_cast<TokenFault>(fault))),
               text.total([&](const W& w) { return read(w.authentication_failures[fault]); }));
  }
  text.sum("token_cache_hits_total", "counter", "Tokens found verified.", &W::token_cache_hits);
  text.sum("token_cache_misses_total", "counter", "Tokens that had to be verified.", &W::token_cache_misses);
}

void database(Text& text) {
  text.head("database_connections", "gauge",
            "Connections to Postgres by state: ready serves, down has failed and refuses at once.");
  for (const auto& [state, gauge] : {std::pair("ready", &W::database_connections_ready),
                                     std::pair("connecting", &W::database_connections_connecting),
                                     std::pair("down", &W::database_connections_down)}) {
    text.value("database_connections", fmt::format(R"({{state="{}"}})", state),
               text.total([&](const W& w) { return read(w.*gauge); }));
  }
  text.sum("database_statements_in_flight", "gauge", "Statements sent and not answered.",
           &W::database_statements_in_flight);
  text.sum("database_unnamed_workers", "gauge",
           "Workers whose statements go without prepared names (a pooler's doing).", &W::database_unnamed);
  text.sum("database_statements_total", "counter", "Statements sent.", &W::database_statements);
  text.sum("database_batches_total", "counter", "Batches sent, each with one Sync.", &W::database_batches);
  text.sum("database_batch_failures_total", "counter", "Batches undone and run again one by one.",
           &W::database_batch_failures);
  text.head("database_errors_total", "counter", "Errors of statements, by what they mean for the request.");
  for (std::size_t i = 0; i < kDatabaseErrorClasses.size(); ++i) {
    text.value("database_errors_total", fmt::format(R"({{class="{}"}})", kDatabaseErrorClasses[i]),
               text.total([&](const W& w) { return read(w.database_errors[i]); }));
  }
  text.sum("database_connects_total", "counter", "Attempts to connect.", &W::database_connects);
  text.sum("database_connection_losses_total", "counter", "Connections lost.",
           &W::database_connection_losses);
}

void workers(Text& text, const MetricsLayout& metrics) {
  text.metric("workers_configured", "gauge", "Workers that the master keeps.",
              read(metrics.workers_configured));
  text.metric("worker_restarts_total", "counter",
              "Workers that ended without being asked to and were replaced.", read(metrics.worker_restarts));
  text.per_worker("worker_generation", "gauge", "A running worker's generation: one more after each reload.",
                  [](const W& w) { return std::optional(read(w.generation)); });
  text.per_worker("worker_start_time_seconds", "gauge", "When a running worker started, in Unix time.",
                  [](const W& w) { return std::optional(read(w.started_at_seconds)); });
  text.per_worker("worker_resident_bytes", "gauge", "Memory that a running worker holds in RAM.",
                  [](const W& w) { return resident_bytes(read(w.pid)); });
}

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

}  // namespace

std::string metrics_text(const MetricsLayout& metrics, std::optional<ListenQueue> queue) {
  Text text(metrics);
  text.head("build_info", "gauge", "Always 1; the version and the compiler are its labels.");
  text.value("build_info", fmt::format(R"({{version="{}",compiler="gcc {}"}})", kVersion, __VERSION__), 1);
  workers(text, metrics);
  supervision(text, metrics);
  load(text);
  listener(text, queue);
  tokens(text);
  database(text);
  return text.take();
}

}  // namespace tasklane
