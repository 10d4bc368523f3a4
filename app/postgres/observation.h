#pragma once
// What happens to connections and statements. Log lines and metrics are made of it in one place (observer.h).

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

#include "base/trace.h"
#include "postgres/statement.h"

namespace tasklane {

// The state of a connection, as the metrics count it. none: it is closed, and no job needs it.
enum class ConnectionPhase { none, connecting, down, ready };

struct BatchSent {
  std::size_t statements;
};
struct InFlightChanged {  // statements that were sent and not answered, on one connection
  std::size_t before;
  std::size_t now;
};
struct StatementAnswered {
  const Statement* statement;
  std::chrono::steady_clock::duration took;  // from sending to the answer, of this attempt
};
struct StatementFailed {
  const Statement* statement;
  TracePtr trace;
  std::string sqlstate;
  std::string message;  // the server's, for the log only
  bool runs_again;      // else its request is told
};
struct BlockFailed {
  const Statement* end;  // BEGIN or COMMIT
  std::string sqlstate;
  std::string message;
};
struct BatchUndone {};  // its statements run again
struct NamesGivenUp {   // prepared statements are not kept
  std::string sqlstate;
};
struct PhaseChanged {
  ConnectionPhase before;
  ConnectionPhase now;
};
struct ConnectionAttempted {};  // with one address
struct ConnectionReplaced {     // for what a statement said
  std::string sqlstate;
  std::string message;
};
struct ServerSilent {
  std::size_t statements;  // without an answer
};
struct ServerEndedConnection {
  std::string sqlstate;
  std::string message;
};
struct ConnectionLost {
  std::string error;
};
struct ConnectionClosed {};  // for whatever reason
struct ConnectionReady {};
struct CannotConnect {
  std::string why;
};

using Observation =
    std::variant<BatchSent, InFlightChanged, StatementAnswered, StatementFailed, BlockFailed, BatchUndone,
                 NamesGivenUp, PhaseChanged, ConnectionAttempted, ConnectionReplaced, ServerSilent,
                 ServerEndedConnection, ConnectionLost, ConnectionClosed, ConnectionReady, CannotConnect>;

}  // namespace tasklane
