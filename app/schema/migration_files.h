#pragma once
// The numbered, forward-only SQL files of a folder: 0001_tasks.sql, 0002_….sql, without gaps.

#include <expected>
#include <string>
#include <vector>

#include "schema/database_error.h"

namespace tasklane {

struct MigrationFile {
  int version;       // 1, 2, …: its place
  std::string name;  // "0001_tasks.sql"
  std::string text;  // its lines end with LF, also where the file's end with CR LF
};

// In order of version. Fails permanently, naming the file, for a missing or empty folder, a .sql file that is
// not named like 0001_tasks.sql, two files of one number, a gap, a file that cannot be read or is too large,
// one with a COMMIT or the like. Other files are none of its business.
std::expected<std::vector<MigrationFile>, DatabaseError> read_migration_files(const std::string& folder);

}  // namespace tasklane
