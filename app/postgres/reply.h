#pragma once
// What came back for one message that was sent.

#include <string>

#include "postgres/rows.h"

namespace tasklane {

struct Reply {
  enum class Kind {
    rows,
    error,
    aborted,  // skipped, behind an error of the same transaction
    sync,     // "ready for query"
  };
  Kind kind = Kind::aborted;
  Rows rows = {};             // rows
  std::string sqlstate = {};  // error; empty when libpq made the error up itself
  std::string message = {};   // error: the server's primary message, for the log only
  bool fatal = false;         // error: the server ended the connection with it
  bool in_block = false;      // sync: a transaction block is still open, behind an error in it
};

}  // namespace tasklane
