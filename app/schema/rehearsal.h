#pragma once
// Statements as the workers' role runs them, prepared and planned by its settings, in one transaction that is
// rolled back. Of what they change nothing stays, but for the numbers that a sequence has given.

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "schema/database_error.h"

namespace tasklane {

struct RehearsedRun {
  const char* name;  // of the statement, for the sentence of a failure
  const char* sql;   // with $1, $2, …
  // Of its parameters, as text. Several lists: it runs with each, in one round trip.
  std::vector<std::vector<std::optional<std::string>>> values;
};

// Runs one and returns the first column of the last run's first row, empty when there is none.
using Rehearse = std::function<std::string(const RehearsedRun&)>;

// Calls `script` and undoes what it has run. Fails at the first statement that fails: the sentence has its
// name and the server's words.
std::expected<void, DatabaseError> rehearse(const std::string& url,
                                            const std::function<void(const Rehearse&)>& script);

}  // namespace tasklane
