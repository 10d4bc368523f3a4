#pragma once
// How the samples of a metric are made of the shared counters, for the table of the metrics (metric_table.h).

#include "api/metric_table.h"

namespace tasklane {

// Of all workers that ever took a slot: a counter goes on when its worker has ended.
std::uint64_t total(const MetricsLayout& metrics, auto of) {
  std::uint64_t sum = 0;
  for (const WorkerMetrics& worker : metrics.workers) {
    if (read(worker.starts) > 0) sum += of(worker);
  }
  return sum;
}

// The sum over the workers of one of their counters.
template <Counter WorkerMetrics::*Member>
void sum(const Scrape& scrape, Samples& samples) {
  samples.add({}, total(scrape.metrics, [](const WorkerMetrics& worker) { return read(worker.*Member); }));
}

// One number for all, which the master keeps.
template <Counter MetricsLayout::*Member>
void one(const Scrape& scrape, Samples& samples) {
  samples.add({}, read(scrape.metrics.*Member));
}

// A line for each worker that runs. `of` gives its number, or nullopt: then it has no line.
void per_worker(const Scrape& scrape, Samples& samples, auto of) {
  for (std::size_t slot = 0; slot < scrape.metrics.workers.size(); ++slot) {
    const WorkerMetrics& worker = scrape.metrics.workers[slot];
    if (read(worker.pid) == 0) continue;
    if (const std::optional<std::uint64_t> number = of(worker))
      samples.add({{"slot", fmt::format("{}", slot)}}, *number);
  }
}

template <Counter WorkerMetrics::*Member>
void each(const Scrape& scrape, Samples& samples) {
  per_worker(scrape, samples,
             [](const WorkerMetrics& worker) { return std::optional(read(worker.*Member)); });
}

// A line for each statement.
template <auto Member>
void by_statement(const Scrape& scrape, Samples& samples) {
  for (std::size_t i = 0; i < kStatementNames.size(); ++i) {
    samples.add({{"statement", kStatementNames[i]}}, total(scrape.metrics, [&](const WorkerMetrics& worker) {
                  return read((worker.*Member)[i]);
                }));
  }
}

// The metrics with samples of their own kind.
void write_build(const Scrape& scrape, Samples& samples);
void write_resident_memory(const Scrape& scrape, Samples& samples);
void write_reloads(const Scrape& scrape, Samples& samples);
void write_kills(const Scrape& scrape, Samples& samples);
void write_requests(const Scrape& scrape, Samples& samples);
void write_durations(const Scrape& scrape, Samples& samples);
void write_authentication_failures(const Scrape& scrape, Samples& samples);
void write_database_connections(const Scrape& scrape, Samples& samples);
void write_database_errors(const Scrape& scrape, Samples& samples);
void write_statement_seconds(const Scrape& scrape, Samples& samples);

}  // namespace tasklane
