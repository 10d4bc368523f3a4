#include "postgres/observer.h"

#include <utility>

#include "base/log.h"
#include "postgres/sqlstate.h"

namespace tasklane {

namespace {

void count_error(WorkerMetrics& metrics, std::string_view sqlstate) {
  add(metrics.database_errors[static_cast<std::size_t>(classify(sqlstate))]);
}

// That counts the connections of a phase; null: none does.
Counter* gauge(WorkerMetrics& metrics, ConnectionPhase phase) {
  switch (phase) {
    case ConnectionPhase::none:
      return nullptr;
    case ConnectionPhase::connecting:
      return &metrics.database_connections_connecting;
    case ConnectionPhase::down:
      return &metrics.database_connections_down;
    case ConnectionPhase::ready:
      return &metrics.database_connections_ready;
  }
  std::unreachable();
}

void record(WorkerMetrics& metrics, const BatchSent& batch) {
  add(metrics.database_batches);
  add(metrics.database_statements, batch.statements);
}

void record(WorkerMetrics& metrics, const InFlightChanged& changed) {
  if (changed.now > changed.before) add(metrics.database_statements_in_flight, changed.now - changed.before);
  if (changed.now < changed.before)
    subtract(metrics.database_statements_in_flight, changed.before - changed.now);
}

void record(WorkerMetrics& metrics, const PhaseChanged& changed) {
  if (Counter* const before = gauge(metrics, changed.before)) subtract(*before);
  if (Counter* const now = gauge(metrics, changed.now)) add(*now);
}

void record(WorkerMetrics& metrics, const ConnectionAttempted&) {
  add(metrics.database_connects);
}

void record(WorkerMetrics& metrics, const StatementAnswered& answered) {
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(answered.took);
  add(metrics.statement_runs[answered.statement->number]);
  add(metrics.statement_microseconds[answered.statement->number], static_cast<std::uint64_t>(took.count()));
}

void record(WorkerMetrics& metrics, const StatementFailed& failed) {
  count_error(metrics, failed.sqlstate);
  add(metrics.statement_errors[failed.statement->number]);
  if (failed.runs_again) return;
  log::error("a statement failed", {{"request_id", failed.trace ? failed.trace->request_id : ""},
                                    {"trace_id", failed.trace ? failed.trace->trace_id : ""},
                                    {"statement", failed.statement->name},
                                    {"sqlstate", failed.sqlstate},
                                    {"error", failed.message}});
}

void record(WorkerMetrics& metrics, const BlockFailed& failed) {
  count_error(metrics, failed.sqlstate);
  log::warning("a transaction block failed",
               {{"statement", failed.end->name}, {"sqlstate", failed.sqlstate}, {"error", failed.message}});
}

void record(WorkerMetrics& metrics, const BatchUndone&) {
  add(metrics.database_batch_failures);
}

void record(WorkerMetrics& metrics, const NamesGivenUp& given_up) {
  add(metrics.database_unnamed);
  log::warning("the database's connections do not keep prepared statements (a pooler?); going on without",
               {{"sqlstate", given_up.sqlstate}});
}

void record(WorkerMetrics&, const ConnectionReplaced& replaced) {
  log::warning("replacing the database connection",
               {{"sqlstate", replaced.sqlstate}, {"error", replaced.message}});
}

void record(WorkerMetrics&, const ServerSilent& silent) {
  log::warning("the database does not answer; giving the connection up", {{"statements", silent.statements}});
}

void record(WorkerMetrics& metrics, const ServerEndedConnection& ended) {
  count_error(metrics, ended.sqlstate);
  log::warning("the database ended the connection", {{"sqlstate", ended.sqlstate}, {"error", ended.message}});
}

void record(WorkerMetrics&, const ConnectionLost& lost) {
  log::warning("lost the database connection", {{"error", lost.error}});
}

void record(WorkerMetrics& metrics, const ConnectionClosed&) {
  add(metrics.database_connection_losses);
}

void record(WorkerMetrics&, const ConnectionReady&) {
  log::info("database connection ready");
}

void record(WorkerMetrics&, const CannotConnect& cannot) {
  log::warning("cannot connect to the database", {{"error", cannot.why}});
}

}  // namespace

void Observer::observe(const BatchSent& sent) {
  record(metrics_, sent);
}

void Observer::observe(const InFlightChanged& changed) {
  record(metrics_, changed);
}

void Observer::observe(const StatementAnswered& answered) {
  record(metrics_, answered);
}

void Observer::observe(const Observation& observation) {
  std::visit([this](const auto& what) { record(metrics_, what); }, observation);
}

}  // namespace tasklane
