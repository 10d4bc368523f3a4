#include "api/metric_samples.h"

#include "auth/jwt.h"
#include "base/resident_memory.h"
#include "base/version.h"
#include "base/endpoint.h"
#include "http/problem.h"

namespace tasklane {

using W = WorkerMetrics;

void write_build(const Scrape&, Samples& samples) {
  samples.add({{"version", kVersion}, {"compiler", "gcc " __VERSION__}}, 1);
}

void write_resident_memory(const Scrape& scrape, Samples& samples) {
  per_worker(scrape, samples, [](const W& worker) { return resident_bytes(read(worker.pid)); });
}

void write_reloads(const Scrape& scrape, Samples& samples) {
  samples.add({{"outcome", "done"}}, read(scrape.metrics.reloads_done));
  samples.add({{"outcome", "failed"}}, read(scrape.metrics.reloads_failed));
}

void write_kills(const Scrape& scrape, Samples& samples) {
  samples.add({{"reason", "not_ready"}}, read(scrape.metrics.kills_not_ready));
  samples.add({{"reason", "not_drained"}}, read(scrape.metrics.kills_not_drained));
  samples.add({{"reason", "stopped_turning"}}, read(scrape.metrics.kills_stopped_turning));
}

// What never happened has no line: 11 endpoints with 7 methods and 13 statuses would be 1,001.
void write_requests(const Scrape& scrape, Samples& samples) {
  const auto statuses = known_statuses();
  for (std::size_t endpoint = 0; endpoint < kEndpoints; ++endpoint) {
    for (std::size_t method = 0; method < kMethods.size(); ++method) {
      for (std::size_t status = 0; status < statuses.size(); ++status) {
        const auto count = total(
            scrape.metrics, [&](const W& worker) { return read(worker.requests[endpoint][method][status]); });
        if (count == 0) continue;
        samples.add({{"route", route_label(static_cast<Endpoint>(endpoint))},
                     {"method", kMethods[method]},
                     {"status", fmt::format("{}", statuses[status])}},
                    count);
      }
    }
  }
}

// By endpoint: a list of a thousand tasks and one task are no common distribution.
void write_durations(const Scrape& scrape, Samples& samples) {
  for (std::size_t index = 0; index < kEndpoints; ++index) {
    const auto endpoint = static_cast<Endpoint>(index);
    const auto route = std::pair(std::string_view("route"), route_label(endpoint));
    const auto method = std::pair(std::string_view("method"), method_label(endpoint));
    std::array<std::uint64_t, kLatencyBucketsMicroseconds.size() + 1> counts;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] = count +=
          total(scrape.metrics, [&](const W& worker) { return read(worker.latency[index][i]); });
    if (count == 0) continue;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const std::string bound =
          i + 1 < counts.size() ? fmt::format("{}", static_cast<double>(kLatencyBucketsMicroseconds[i]) / 1e6)
                                : "+Inf";
      samples.add({route, method, {"le", bound}}, counts[i], "_bucket");
    }
    const auto sum =
        total(scrape.metrics, [&](const W& worker) { return read(worker.latency_sum_microseconds[index]); });
    samples.add({route, method}, static_cast<double>(sum) / 1e6, "_sum");
    samples.add({route, method}, count, "_count");
  }
}

void write_authentication_failures(const Scrape& scrape, Samples& samples) {
  for (std::size_t fault = 0; fault < kTokenFaults; ++fault) {
    samples.add(
        {{"reason", spelling(static_cast<TokenFault>(fault))}},
        total(scrape.metrics, [&](const W& worker) { return read(worker.authentication_failures[fault]); }));
  }
}

void write_database_connections(const Scrape& scrape, Samples& samples) {
  for (const auto& [state, gauge] : {std::pair("ready", &W::database_connections_ready),
                                     std::pair("connecting", &W::database_connections_connecting),
                                     std::pair("down", &W::database_connections_down)}) {
    samples.add({{"state", state}},
                total(scrape.metrics, [&](const W& worker) { return read(worker.*gauge); }));
  }
}

void write_database_errors(const Scrape& scrape, Samples& samples) {
  for (std::size_t i = 0; i < kDatabaseErrorClasses.size(); ++i) {
    samples.add({{"class", kDatabaseErrorClasses[i]}},
                total(scrape.metrics, [&](const W& worker) { return read(worker.database_errors[i]); }));
  }
}

void write_statement_seconds(const Scrape& scrape, Samples& samples) {
  for (std::size_t i = 0; i < kStatementNames.size(); ++i) {
    const auto sum =
        total(scrape.metrics, [&](const W& worker) { return read(worker.statement_microseconds[i]); });
    samples.add({{"statement", kStatementNames[i]}}, static_cast<double>(sum) / 1e6);
  }
}

}  // namespace tasklane
