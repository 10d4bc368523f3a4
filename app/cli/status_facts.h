#pragma once
// What `tasklane status` shows besides the workers: the database, the keys, the certificate, the last reload
// and the routes that are asked most. Each fact by itself: one that cannot be had is left out, or says why.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "schema/restoration.h"

namespace tasklane {

struct RouteCount {
  std::string route;
  std::int64_t requests = 0;
  std::int64_t server_errors = 0;  // of these, with a status of 500 and more
};

// From the text of /metrics: the routes of the API with the most requests since the master started, the first
// ones of them.
std::vector<RouteCount> top_routes(std::string_view metrics_text, std::size_t most);

struct LastReload {
  bool failed = false;
  std::int64_t at = 0;  // Unix time
};

// From the text of /metrics; nullopt: there was none.
std::optional<LastReload> last_reload(std::string_view metrics_text);

struct DatabaseTimes {
  std::int64_t connect_microseconds = 0, round_trip_microseconds = 0;
};

struct StatusFacts {
  std::string database_fault;  // why it cannot be reached; empty: it can, or it was not asked
  std::optional<DatabaseTimes> times;
  std::optional<SessionFacts> session;
  std::optional<KeyFacts> keys;
  std::optional<std::int64_t> certificate_seconds;  // until it ends; negative: it has
  std::optional<LastReload> reload;
  std::vector<RouteCount> routes;
  bool maintenance = false, read_only = false;
  bool maintenance_unseen = false;  // turned on, and nginx's site does not look for it
};

// Asks the database, which takes until it answers or its connect_timeout.
StatusFacts look_around(const Config& config, std::string_view metrics_text);
// What needs neither the configuration nor the database.
StatusFacts look_around(std::string_view metrics_text);

// Lines for a person; `time` is now.
std::string facts_text(const StatusFacts& facts, std::int64_t time);

// The object of /status with these facts as further members.
std::string facts_json(const StatusFacts& facts, std::string_view status_json);

}  // namespace tasklane
