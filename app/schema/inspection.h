#pragma once
// What `tasklane check --db` looks at: whether the database is reachable, new enough and migrated, and
// whether the role that serves has the rights it needs on tasks and no more. Changes nothing.

#include <expected>
#include <string>
#include <vector>

#include "schema/database_error.h"

namespace tasklane {

struct Finding {
  enum class Level {
    good,     // worth saying
    warning,  // works, and should not stay so
    bad,      // the workers cannot serve like this
  };
  Level level;
  std::string sentence;
};

struct InspectionTarget {
  std::string url;         // DATABASE_URL: as the workers connect
  std::string direct_url;  // DATABASE_URL_DIRECT: as `tasklane migrate` connects
  std::string sql_folder;
  std::string keys_table;  // Better Auth's; empty: keys do not come from the database
  int workers;
  int connections;  // of each
};

// Everything found, or why there was nothing to look at: kind `temporary` when the database cannot be
// reached.
std::expected<std::vector<Finding>, DatabaseError> inspect(const InspectionTarget& target);

}  // namespace tasklane
