#pragma once
// What a database error means for a request, and its index in WorkerMetrics::database_errors (PostgreSQL
// manual, appendix A). The table is published in docs/ERRORS.md.

#include <string_view>

#include "base/result.h"

namespace tasklane {

enum class SqlstateClass {
  conflict,         // lost against another transaction; rolled back: run it again
  unavailable,      // the server cannot now: rolled back, 503
  connection_lost,  // the server ends the connection: reconnect
  read_only,        // after a failover: another host
  rejected,         // the statement itself is wrong: 500, and a line in the log
  unprepared,       // what was prepared is unknown or out of date: run it again, prepared anew or unnamed
};

SqlstateClass classify(std::string_view sqlstate);

// Whether this error of a write says that nothing has happened. One of a connection's end, of an engine's
// inside or of an unknown kind does not, whether the connection lives on or not: a distributed engine may
// have lost a node after its commit.
bool proves_rollback(std::string_view sqlstate);

// The client's view of a statement that failed by itself and was rolled back.
Error statement_error(std::string_view sqlstate);
// Of one that was never sent, or only read.
Error unreachable_error();
// Of a write that was sent and never confirmed.
Error unconfirmed_error();

}  // namespace tasklane
