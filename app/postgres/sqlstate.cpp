#include "postgres/sqlstate.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tasklane {

SqlstateClass classify(std::string_view sqlstate) {
  // Serialization, deadlock; unique_violation: a request with the same idempotency key was faster. No other
  // unique index knows a client's words: the ids come from a sequence.
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "23505") return SqlstateClass::conflict;
  // No such prepared statement (26000), one by that name already (42P05): a pooler. "cached plan must not
  // change result type" (0A000): the schema has changed since.
  if (sqlstate == "26000" || sqlstate == "42P05" || sqlstate == "0A000") return SqlstateClass::unprepared;
  if (sqlstate == "25006") return SqlstateClass::read_only;
  // Shut down (57P01), crashed (57P02), starting (57P03), class 08: connection.
  if (sqlstate.starts_with("57P") || sqlstate.starts_with("08") || sqlstate.empty())
    return SqlstateClass::connection_lost;
  // Cancelled or timed out (57014), locks (55P03), resources: connections, disk, memory (class 53), I/O (58).
  if (sqlstate == "57014" || sqlstate == "55P03" || sqlstate.starts_with("53") ||
      sqlstate.starts_with("58") || sqlstate.starts_with("40"))
    return SqlstateClass::unavailable;
  return SqlstateClass::rejected;
}

bool proves_rollback(std::string_view sqlstate) {
  if (sqlstate == "40003" || sqlstate.size() != 5) return false;  // statement_completion_unknown
  if (sqlstate == "57014") return true;                           // cancelled, or past its time
  // What was asked for cannot be done (0A, 0B, 0L, 0P), was refused by data, rules, rights, a trigger or a
  // routine (2x, 3x, 42, 44, P0), lost against others (40), or was too much (53, 54, 55).
  constexpr std::array<std::string_view, 27> kClasses = {
      "0A", "0B", "0L", "0P", "20", "21", "22", "23", "24", "25", "26", "27", "28", "2B",
      "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53", "54", "55", "P0"};
  return std::ranges::find(kClasses, sqlstate.substr(0, 2)) != kClasses.end();
}

Error statement_error(std::string_view sqlstate) {
  switch (classify(sqlstate)) {
    case SqlstateClass::conflict:
    case SqlstateClass::unavailable:
    case SqlstateClass::connection_lost:
    case SqlstateClass::read_only:
      return {.type = ErrorType::service_unavailable, .detail = "The database cannot serve this request now"};
    case SqlstateClass::rejected:
    case SqlstateClass::unprepared:  // of a statement that had no name
      return {.type = ErrorType::internal_server_error, .detail = "Internal server error"};
  }
  std::unreachable();
}

Error unreachable_error() {
  return {.type = ErrorType::service_unavailable, .detail = "The database cannot be reached now"};
}

Error unconfirmed_error() {
  return {.type = ErrorType::outcome_unknown,
          .detail = "The database did not confirm this change; it may or may not have been made"};
}

}  // namespace tasklane
