#pragma once
// The database's schema: the numbered files of a folder, applied in order, each in one transaction together
// with its record in the table tasklane_migrations. Safe to run twice and from several hosts at once: every
// transaction takes the same advisory lock and reads the record anew. Never takes a step back.
//
// Workers go on serving meanwhile: a file asks for a lock on a table only for a moment, and when it is not to
// be had, its transaction is undone and run again after a pause. Whoever queues behind such a lock, as every
// worker would, thus never waits for long.
//
// Fails permanently when an applied file has changed, when the database is newer than the files or when a
// file does not run (its transaction is undone, the ones before it stay); temporarily when the database
// cannot be reached or somebody holds the lock too long.

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "schema/database_error.h"

namespace tasklane {

struct MigrationReport {
  std::vector<std::string> applied;  // the names of the files this run applied
  int version = 0;                   // of the database now
  bool api_role_exists = false;      // false: tasklane_api could not be made, see sql/0003_role.sql
  bool pooled = false;               // there is a pooler between here and the server
};

// `url` is the owner's (DATABASE_URL_DIRECT). `patience` bounds the wait for another migration and for locks
// on tables.
std::expected<MigrationReport, DatabaseError> migrate(
    const std::string& url, const std::string& sql_folder,
    std::chrono::milliseconds patience = limits::kMigrationPatience);

// Where the schema of this name has a table "tasks" that no migration has made: what can be done.
std::string foreign_tasks(std::string_view schema);

struct MigrationState {
  int version = 0;                   // of the database; 0: never migrated
  std::vector<std::string> pending;  // names of files still to be applied
  bool pooled = false;               // as above
};

// Compares and changes nothing. Fails as migrate() would.
std::expected<MigrationState, DatabaseError> compare_migrations(const std::string& url,
                                                                const std::string& sql_folder);

}  // namespace tasklane
