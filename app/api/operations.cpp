#include "api/operations.h"

#include "api/metrics_text.h"
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

void write_worker(JsonWriter& json, const WorkerMetrics& worker) {
  const auto number = [&](std::string_view name, const Counter& counter) {
    json.member(name, static_cast<std::int64_t>(read(counter)));
  };
  json.begin_object();
  number("pid", worker.pid);
  number("generation", worker.generation);
  number("started_at", worker.started_at_seconds);
  number("connections", worker.fastcgi_connections);
  number("requests_in_flight", worker.requests_in_flight);
  number("database_connections_ready", worker.database_connections_ready);
  json.end_object();
}

}  // namespace

Result<Response> Operations::health() const {
  return ok_status();
}

boost::asio::awaitable<Result<Response>> Operations::readiness() const {
  const auto answered = co_await database_();
  if (!answered) co_return std::unexpected(answered.error());
  co_return ok_status();
}

Result<Response> Operations::metrics() const {
  Response response = success(Success::ok, metrics_text(metrics_));
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Result<Response> Operations::status() const {
  JsonWriter json;
  json.begin_object();
  json.member("version", kVersion);
  json.member("workers_configured", static_cast<std::int64_t>(read(metrics_.workers_configured)));
  json.member("worker_restarts", static_cast<std::int64_t>(read(metrics_.worker_restarts)));
  json.key("workers");
  json.begin_array();
  for (const WorkerMetrics& worker : metrics_.workers) {
    if (read(worker.pid) != 0) write_worker(json, worker);
  }
  json.end_array();
  json.end_object();
  return success(Success::ok, json.take());
}

}  // namespace tasklane
