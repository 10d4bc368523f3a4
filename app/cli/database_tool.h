#pragma once
// pg_dump and pg_restore, as PATH finds them. A password reaches them in a file that exists in memory alone
// (PGPASSFILE names their own descriptor of it): it stands in no argument, no environment and no folder, and
// goes with the process.

#include <expected>
#include <string>
#include <vector>

#include "base/descriptors.h"
#include "schema/database_error.h"

namespace tasklane {

struct ToolRun {
  std::vector<std::string> command;  // the program's name first
  std::string url = {};              // what to connect to; empty: nothing
  std::string list = {};             // for pg_restore's --use-list; empty: all entries
  std::string input = {};            // for its stdin; empty: this process's own
  int output = -1;                   // a descriptor for what it prints; -1: it comes back
};

struct ToolEnd {
  bool succeeded = false;
  std::string output;
};

// Runs it to its end; its messages go to stderr. A sentence when it cannot be started.
std::expected<ToolEnd, std::string> run_tool(const ToolRun& run);

// The major version that `NAME --version` tells; a sentence when there is no such program.
std::expected<int, std::string> tool_version(const std::string& name);

// The URL as libpq's keywords and values, without its password; or a sentence.
std::expected<std::string, std::string> without_password(const std::string& url);

// The line of a password file that gives this password to every connection.
std::string password_line(const std::string& password);

// A file in memory with this content, which only this user can read.
Descriptor memory_file(const std::string& content);

// As refuse() of a sentence; kExitTemporary when a later try may succeed.
int refuse(const DatabaseError& error);

}  // namespace tasklane
