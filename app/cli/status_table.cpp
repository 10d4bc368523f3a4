#include "cli/status_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "json/json_reader.h"

namespace tasklane {

namespace {

// Counts and times, none of them below 0; no larger than every JSON reader takes exactly, so that they can be
// subtracted and doubled.
std::int64_t number(const JsonValue& object, std::string_view name) {
  constexpr std::int64_t kShownNumberMax = (std::int64_t{1} << 53) - 1;
  const JsonValue* member = object.find(name);
  return member != nullptr && member->integer() != nullptr
             ? std::clamp<std::int64_t>(*member->integer(), 0, kShownNumberMax)
             : 0;
}

std::string duration(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 2 * 86'400) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

// Empty: it did not fail, or the reason is not known.
std::string last_failure(std::string_view master_json) {
  const auto master = parse_json(master_json);
  const JsonValue* reload = master ? master->find("last_reload") : nullptr;
  const JsonValue* reason =
      reload != nullptr && reload->object() != nullptr ? reload->find("reason") : nullptr;
  return reason != nullptr && reason->string() != nullptr ? printable(*reason->string()) : "";
}

bool is_draining(std::string_view master_json) {
  const auto master = parse_json(master_json);
  const JsonValue* state = master ? master->find("state") : nullptr;
  return state != nullptr && state->string() != nullptr && *state->string() == "draining";
}

constexpr char kHead[] =
    "SLOT     PID   GEN       UP  MEMORY   CONNS  IN FLIGHT     REQUESTS      /S  DB READY/CONNECTING/DOWN  "
    "SENT\n";

}  // namespace

std::string StatusTable::marked(std::string_view text, bool alarming) const {
  return colours_ && alarming ? fmt::format("\x1b[31m{}\x1b[0m", text) : std::string(text);
}

std::string StatusTable::rate(std::int64_t pid, std::int64_t requests, std::int64_t time) const {
  const auto found = before_.requests.find(pid);
  if (found == before_.requests.end() || time <= before_.time) return "-";
  return fmt::format("{}", (requests - found->second) / (time - before_.time));
}

std::expected<std::string, std::string> StatusTable::render(std::string_view status_json,
                                                            std::string_view master_json) {
  const auto status = parse_json(status_json);
  const JsonValue* workers = status ? status->find("workers") : nullptr;
  if (workers == nullptr || workers->array() == nullptr) return std::unexpected("the answer is no status");
  const std::int64_t time = number(*status, "time"), wanted = number(*status, "workers_configured");
  const auto running = static_cast<std::int64_t>(workers->array()->size());
  const JsonValue* version = status->find("version");
  std::string text = fmt::format(
      "tasklane {}   workers {}   restarts {}",
      version != nullptr && version->string() != nullptr ? printable(*version->string()) : "?",
      marked(fmt::format("{} of {}", running, wanted), running < wanted), number(*status, "worker_restarts"));
  if (const JsonValue* queue = status->find("listen_queue"); queue != nullptr && queue->object() != nullptr) {
    const std::int64_t waiting = number(*queue, "waiting"), max = number(*queue, "max");
    text +=
        fmt::format("   listen queue {}", marked(fmt::format("{} of {}", waiting, max), 2 * waiting > max));
  }
  if (is_draining(master_json)) text += '\n' + marked("draining: /readyz says 503", true);
  if (const std::string why = last_failure(master_json); !why.empty())
    text += '\n' + marked("the last reload failed: " + why, true);
  text += fmt::format("\n\n{}{}{}", colours_ ? "\x1b[1m" : "", kHead, colours_ ? "\x1b[0m" : "");
  Seen seen{.time = time, .requests = {}};
  for (const JsonValue& worker : *workers->array()) {
    const std::int64_t pid = number(worker, "pid"), requests = number(worker, "requests_total");
    const std::int64_t ready = number(worker, "database_connections_ready"),
                       connecting = number(worker, "database_connections_connecting"),
                       down = number(worker, "database_connections_down");
    const std::string database = fmt::format("{:>24}", fmt::format("{}/{}/{}", ready, connecting, down));
    text += fmt::format("{:>4} {:>7} {:>5} {:>8} {:>5} MB {:>6} {:>10} {:>12} {:>7}  {} {:>5}\n",
                        number(worker, "slot"), pid, number(worker, "generation"),
                        duration(std::max<std::int64_t>(time - number(worker, "started_at"), 0)),
                        number(worker, "resident_bytes") / 1'000'000, number(worker, "connections"),
                        number(worker, "requests_in_flight"), requests, rate(pid, requests, time),
                        marked(database, ready == 0 || down > 0),
                        number(worker, "database_statements_in_flight"));
    seen.requests.emplace(pid, requests);
  }
  before_ = std::move(seen);
  return text;
}

}  // namespace tasklane
