#include "cli/status_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "auth/jwks_file.h"
#include "auth/tls_files.h"
#include "base/state_files.h"
#include "base/text.h"
#include "cli/connection_inspection.h"
#include "cli/installed_site.h"
#include "json/json_writer.h"

namespace tasklane {

namespace {

constexpr std::size_t kTopRoutes = 5;
constexpr std::string_view kRequests = "tasklane_requests_total{route=\"";

std::int64_t microseconds(std::chrono::duration<double> time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

// The value of a metric without labels.
std::optional<std::int64_t> value_of_metric(std::string_view text, std::string_view name) {
  const std::string start = fmt::format("\n{} ", name);
  const auto at = text.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(at + start.size());
  return take_number<std::int64_t>(rest);
}

void ask_database(const Config& config, StatusFacts& facts) {
  if (config.database_url.empty()) return;
  const auto times = time_connection(config.database_url);
  if (!times) {
    facts.database_fault = connection_error("connecting", config.database_url, times.error().why).sentence;
    return;
  }
  facts.times = {.connect_microseconds = microseconds(times->connect),
                 .round_trip_microseconds = microseconds(times->round_trip)};
  if (const auto session = look_at_session(config.database_url)) facts.session = *session;
  if (!config.jwks_database) return;
  // The owner alone reads when a key was made.
  if (const auto keys = look_at_keys(config.database_url_direct, config.jwks_table)) facts.keys = *keys;
}

std::string milliseconds(std::int64_t time) {
  return fmt::format("{:.1f} ms", static_cast<double>(time) / 1000);
}

std::string age(std::int64_t seconds) {
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 2 * 86'400) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

void write_database(JsonWriter& json, const StatusFacts& facts) {
  json.key("database");
  if (!facts.times && facts.database_fault.empty()) return json.null();
  json.begin_object();
  json.member("reachable", facts.times.has_value());
  if (!facts.database_fault.empty()) json.member("fault", facts.database_fault);
  if (facts.times) {
    json.member("connect_microseconds", facts.times->connect_microseconds);
    json.member("round_trip_microseconds", facts.times->round_trip_microseconds);
  }
  if (facts.session) {
    json.member("role", facts.session->role);
    json.member("read_only", facts.session->read_only);
  }
  json.end_object();
}

void write_keys(JsonWriter& json, const StatusFacts& facts) {
  json.key("keys");
  if (!facts.keys) return json.null();
  json.begin_object();
  json.member("count", facts.keys->count);
  json.key("newest_age_seconds");
  if (facts.keys->newest_age_seconds) {
    json.integer(*facts.keys->newest_age_seconds);
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

std::vector<RouteCount> top_routes(std::string_view metrics_text, std::size_t most) {
  std::vector<RouteCount> routes;
  while (!metrics_text.empty()) {
    std::string_view line = take_until(metrics_text, '\n');
    if (!line.starts_with(kRequests)) continue;
    line.remove_prefix(kRequests.size());
    const std::string_view route = take_until(line, '"');
    if (!route.starts_with("/api/")) continue;
    const auto status = line.find("status=\"");
    const auto value = line.rfind(' ');
    if (status == std::string_view::npos || value == std::string_view::npos) continue;
    const auto count = parse_number<std::int64_t>(line.substr(value + 1)).value_or(0);
    auto found = std::ranges::find(routes, route, &RouteCount::route);
    if (found == routes.end()) found = routes.insert(routes.end(), {.route = std::string(route)});
    found->requests += count;
    if (line.substr(status + std::string_view("status=\"").size()).starts_with('5'))
      found->server_errors += count;
  }
  std::ranges::stable_sort(routes, std::greater(), &RouteCount::requests);
  std::erase_if(routes, [](const RouteCount& route) { return route.requests == 0; });
  if (routes.size() > most) routes.resize(most);
  return routes;
}

std::optional<LastReload> last_reload(std::string_view metrics_text) {
  const auto at = value_of_metric(metrics_text, "tasklane_last_reload_timestamp_seconds");
  if (at.value_or(0) == 0) return std::nullopt;
  return LastReload{.failed = value_of_metric(metrics_text, "tasklane_last_reload_failed").value_or(0) != 0,
                    .at = *at};
}

StatusFacts look_around(std::string_view metrics_text) {
  StatusFacts facts;
  facts.reload = last_reload(metrics_text);
  facts.routes = top_routes(metrics_text, kTopRoutes);
  return facts;
}

StatusFacts look_around(const Config& config, std::string_view metrics_text) {
  StatusFacts facts = look_around(metrics_text);
  if (is_there(config.state_folder + kMaintenanceFile)) {
    const auto site = find_installed_site(kNginxFolder, config.instance, config.state_folder);
    facts.maintenance_unseen = site && !site->looks_for_maintenance;
    facts.maintenance = !facts.maintenance_unseen;
  }
  facts.read_only = is_there(config.state_folder + kReadOnlyFile);
  ask_database(config, facts);
  if (config.jwks_file) {
    if (const auto file = read_key_file(*config.jwks_file, rsa_algorithm(config)))
      facts.keys = {.count = static_cast<std::int64_t>(file->keys.size()),
                    .newest_age_seconds = std::nullopt};
  }
  if (config.tls) {
    const TlsFiles files = inspect_tls_files(config.tls_certificate, config.tls_certificate_key);
    if (files.fault == TlsFiles::Fault::none || files.fault == TlsFiles::Fault::key_unreadable)
      facts.certificate_seconds = files.valid_for.count();
  }
  return facts;
}

std::string facts_text(const StatusFacts& facts, std::int64_t time) {
  std::string text;
  if (facts.maintenance) text += "maintenance is on: nginx answers 503\n";
  if (facts.maintenance_unseen)
    text +=
        "maintenance is not on yet: nginx does not look for it; `tasklane maintenance on` says what to do\n";
  if (facts.read_only) text += "read-only is on: writes are answered 503\n";
  if (!facts.database_fault.empty()) text += fmt::format("database      {}\n", facts.database_fault);
  if (facts.times) {
    text += fmt::format("database      connecting {}, a round trip {}",
                        milliseconds(facts.times->connect_microseconds),
                        milliseconds(facts.times->round_trip_microseconds));
    if (facts.session)
      text += fmt::format(", role {}{}", facts.session->role, facts.session->read_only ? ", read-only" : "");
    text += '\n';
  }
  if (facts.keys) {
    text += fmt::format("keys          {}", facts.keys->count);
    if (facts.keys->newest_age_seconds)
      text += fmt::format(", the newest made {} ago", age(*facts.keys->newest_age_seconds));
    text += '\n';
  }
  if (const auto left = facts.certificate_seconds)
    text += *left < 0 ? "certificate   has ended\n"
                      : fmt::format("certificate   ends in {} days\n", *left / 86'400);
  if (facts.reload) {
    text += fmt::format("last reload   {}, {} ago\n", facts.reload->failed ? "failed" : "done",
                        age(std::max<std::int64_t>(time - facts.reload->at, 0)));
  }
  for (const RouteCount& route : facts.routes)
    text += fmt::format(
        "{}{:>12}  {}{}\n", &route == facts.routes.data() ? "requests  " : "          ", route.requests,
        route.route, route.server_errors == 0 ? "" : fmt::format("  ({} of them 5xx)", route.server_errors));
  return text;
}

std::string facts_json(const StatusFacts& facts, std::string_view status_json) {
  JsonWriter json;
  json.begin_object();
  json.member("maintenance", facts.maintenance);
  write_database(json, facts);
  write_keys(json, facts);
  json.key("certificate_ends_in_seconds");
  if (facts.certificate_seconds) {
    json.integer(*facts.certificate_seconds);
  } else {
    json.null();
  }
  json.key("last_reload");
  if (facts.reload) {
    json.begin_object();
    json.member("outcome", facts.reload->failed ? "failed" : "done");
    json.member("at", facts.reload->at);
    json.end_object();
  } else {
    json.null();
  }
  json.key("top_routes");
  json.begin_array();
  for (const RouteCount& route : facts.routes) {
    json.begin_object();
    json.member("route", route.route);
    json.member("requests", route.requests);
    json.member("server_errors", route.server_errors);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  // Two objects become one: the brace and the one behind it are a comma.
  const auto end = status_json.rfind('}');
  return fmt::format("{},{}", status_json.substr(0, end), json.take().substr(1));
}

}  // namespace tasklane
