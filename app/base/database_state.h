#pragma once
// What is known of the database while no connection to it is up: what /readyz tells (docs/openapi.yaml,
// `DatabaseState`). Anybody may ask that, so there is no host, no role and no word of the server in it.

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace tasklane {

// Why an attempt to connect has failed. When several addresses were tried, the reason that comes last here
// counts: that address got furthest.
enum class ConnectFailure {
  look_up_failed,     // the host's name has no address, or the look-up took too long
  connection_failed,  // refused, cut off, or without the TLS that the URL asks for
  timed_out,          // not ready within connect_timeout
  session_refused,    // by the server: password, rights, too many connections, starting up
  read_only,          // the server is a standby, and the URL asks for one that takes writes
  unprepared,         // the session cannot prepare or run the statements: not migrated, no rights, a locked
                      // table, a server whose files were replaced while it runs
};

constexpr std::string_view spelling(ConnectFailure failure) {
  constexpr std::array<std::string_view, 6> kSpellings = {
      "look_up_failed", "connection_failed", "timed_out", "session_refused", "read_only", "unprepared"};
  return kSpellings[static_cast<std::size_t>(failure)];
}

struct DatabaseState {
  bool connecting;                  // an attempt is under way; else the next one follows within a second
  std::chrono::milliseconds since;  // it began so long ago; else the last one ended so long ago
  std::optional<ConnectFailure>
      last_failure;  // of the attempt before; nullopt: it did not fail, or there was none
};

}  // namespace tasklane
