#include "api/operations.h"

#include <chrono>
#include <ctime>

#include "api/metrics_text.h"
#include "base/limits.h"
#include "base/resident_memory.h"
#include "base/version.h"
#include "http/problem.h"
#include "json/json_writer.h"

namespace tasklane {

namespace {

Result<Response> ok_status() {
  JsonWriter json;
  json.begin_object();
  json.member("status", "ok");
  json.end_object();
  return success(Success::ok, json.take());
}

std::unexpected<Error> not_ready() {
  return fail(ErrorType::service_unavailable, "Not ready");
}

std::int64_t as_integer(const Counter& counter) {
  return static_cast<std::int64_t>(read(counter));
}

// One worker is enough to answer, so this never turns traffic away; who looks sees that workers are missing.
std::string readiness_json(const MetricsLayout& metrics, bool keys_read, bool read_only, bool details) {
  JsonWriter json;
  json.begin_object();
  const bool whole = read(metrics.workers_ready) >= read(metrics.workers_configured);
  json.member("status", whole && keys_read ? "ready" : "degraded");
  if (read_only) json.member("read_only", true);
  if (details) {
    if (!keys_read) json.member("keys", "unreadable");
    json.key("workers");
    json.begin_object();
    json.member("configured", as_integer(metrics.workers_configured));
    json.member("ready", as_integer(metrics.workers_ready));
    json.member("waiting", as_integer(metrics.workers_waiting));
    json.member("refused", as_integer(metrics.workers_refused));
    json.end_object();
  }
  json.end_object();
  return json.take();
}

std::int64_t requests_of(const WorkerMetrics& worker) {
  std::int64_t count = 0;
  for (const auto& methods : worker.requests) {
    for (const auto& statuses : methods) {
      for (const Counter& counter : statuses) count += as_integer(counter);
    }
  }
  return count;
}

void write_worker(JsonWriter& json, std::size_t slot, const WorkerMetrics& worker) {
  json.begin_object();
  json.member("slot", static_cast<std::int64_t>(slot));
  json.member("pid", as_integer(worker.pid));
  json.member("generation", as_integer(worker.generation));
  json.member("started_at", as_integer(worker.started_at_seconds));
  json.member("resident_bytes", static_cast<std::int64_t>(resident_bytes(read(worker.pid)).value_or(0)));
  json.member("connections", as_integer(worker.fastcgi_connections));
  json.member("requests_in_flight", as_integer(worker.requests_in_flight));
  json.member("requests_total", requests_of(worker));
  json.member("database_connections_ready", as_integer(worker.database_connections_ready));
  json.member("database_connections_connecting", as_integer(worker.database_connections_connecting));
  json.member("database_connections_down", as_integer(worker.database_connections_down));
  json.member("database_statements_in_flight", as_integer(worker.database_statements_in_flight));
  json.end_object();
}

void write_queue(JsonWriter& json, const std::optional<ListenQueue>& queue) {
  json.key("listen_queue");
  if (!queue) return json.null();
  json.begin_object();
  json.member("waiting", static_cast<std::int64_t>(queue->waiting));
  json.member("max", static_cast<std::int64_t>(queue->max));
  json.end_object();
}

}  // namespace

Result<Response> Operations::health() const {
  return ok_status();
}

boost::asio::awaitable<Result<Response>> Operations::readiness(Authenticator& authenticator, TracePtr trace,
                                                               bool details) const {
  if (read(metrics_.draining_since_ms) != 0)
    co_return fail(ErrorType::service_unavailable, "This host is draining: send new requests to another");
  const auto until = std::chrono::steady_clock::now() + limits::kReadinessTimeout;
  auto answered = co_await database_(std::move(trace));
  if (!answered) {
    if (!details) co_return not_ready();
    Error error = std::move(answered.error());
    if (error.database && error.database->connecting) error.detail = "Connecting to the database";
    co_return std::unexpected(std::move(error));
  }
  const auto keys = co_await authenticator.look_at_keys(until);
  if (keys == Authenticator::KeyState::missing) {
    if (!details) co_return not_ready();
    co_return fail(ErrorType::service_unavailable, "Keys to verify tokens with cannot be read");
  }
  co_return success(Success::ok,
                    readiness_json(metrics_, keys == Authenticator::KeyState::read, read_only(), details));
}

std::optional<ListenQueue> Operations::queue() const {
  return listener_ == 0 ? std::nullopt : listen_queue(listener_);
}

Result<Response> Operations::metrics() const {
  Response response = success(Success::ok, metrics_text(metrics_, queue()));
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Result<Response> Operations::status() const {
  JsonWriter json;
  json.begin_object();
  json.member("version", kVersion);
  json.member("time", static_cast<std::int64_t>(std::time(nullptr)));
  json.member("workers_configured", static_cast<std::int64_t>(read(metrics_.workers_configured)));
  json.member("worker_restarts", static_cast<std::int64_t>(read(metrics_.worker_restarts)));
  json.member("read_only", read_only());
  write_queue(json, queue());
  json.key("workers");
  json.begin_array();
  for (std::size_t slot = 0; slot < metrics_.workers.size(); ++slot) {
    if (read(metrics_.workers[slot].pid) != 0) write_worker(json, slot, metrics_.workers[slot]);
  }
  json.end_array();
  json.end_object();
  return success(Success::ok, json.take());
}

}  // namespace tasklane
