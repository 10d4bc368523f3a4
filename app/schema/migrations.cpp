#include "schema/migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "schema/migration_files.h"
#include "schema/sql_statements.h"
#include "schema/synchronous.h"

namespace tasklane {

namespace {

using Files = std::vector<MigrationFile>;
using Clock = std::chrono::steady_clock;

// "tasklane" in ASCII: the advisory lock's key, one per database.
constexpr std::int64_t kLockKey = 0x7461'736b'6c61'6e65;
constexpr int kServerVersionMin = 140000;

std::unexpected<DatabaseError> refuse(std::string sentence) {
  return std::unexpected(DatabaseError{DatabaseError::Kind::permanent, std::move(sentence)});
}

// What the files count on, whatever the role or the server sets. The server's words are read by people and by
// nothing here, so their language stays as it is.
void prepare(pqxx::work& work) {
  work.exec(
      fmt::format("SET LOCAL client_min_messages = warning;"
                  "SET LOCAL client_encoding = 'UTF8';"
                  "SET LOCAL standard_conforming_strings = on;"
                  "SET LOCAL statement_timeout = {}",
                  limits::kMigrationStatementTimeout.count()));
}

void set_lock_timeout(pqxx::work& work, std::chrono::milliseconds timeout) {
  work.exec(fmt::format("SET LOCAL lock_timeout = {}", std::max<std::int64_t>(timeout.count(), 1)));
}

// A pooler makes up the process id that it names to its client. Neon's proxy does, too, in front of the
// direct endpoint, but tells its pooler by the name.
bool leads_through_pooler(pqxx::connection& connection, pqxx::work& work) {
  const char* const name = connection.hostname();
  const std::string_view host = name == nullptr ? "" : name;
  if (host.contains("-pooler.")) return true;
  if (host.ends_with(".neon.tech")) return false;
  return connection.backendpid() != work.exec("SELECT pg_backend_pid()")[0][0].as<int>();
}

std::expected<void, DatabaseError> check_server(pqxx::work& work) {
  const pqxx::result row = work.exec(
      "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
      " current_setting('server_encoding')");
  if (row[0][0].as<int>() < kServerVersionMin)
    return refuse(fmt::format("the server is PostgreSQL {}; 14 or newer is needed", row[0][1].c_str()));
  if (row[0][2].as<std::string>() != "UTF8")
    return refuse(fmt::format("the database's encoding is {}; UTF8 is needed", row[0][2].c_str()));
  return {};
}

bool is_recorded(pqxx::work& work) {
  return !work.exec("SELECT to_regclass('tasklane_migrations')")[0][0].is_null();
}

// Whether what was recorded of an applied file is this file: its SHA-256, or one that it names as that of an
// earlier text to the same effect.
bool is_recorded_as(const MigrationFile& file, const std::string& sum, const std::string& recorded) {
  return recorded == sum || (recorded.size() == sum.size() && file.text.contains(recorded));
}

// How many of the files are applied; fails unless the record is exactly the beginning of the files.
std::expected<std::size_t, DatabaseError> count_applied(pqxx::work& work, const Files& files) {
  const pqxx::result rows =
      work.exec("SELECT version, name, checksum FROM tasklane_migrations ORDER BY version");
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows.size()); ++i) {
    const auto row = rows[static_cast<pqxx::result::size_type>(i)];
    const int version = row[0].as<int>();
    if (version > files.back().version) {
      return refuse(fmt::format("the database is newer than this Tasklane: it has {}, the files end at {}",
                                row[1].c_str(), files.back().name));
    }
    if (version != static_cast<int>(i) + 1)
      return refuse(fmt::format("the table tasklane_migrations lacks version {}", i + 1));
    // The server's own SHA-256: the same everywhere, and no library for it here.
    const pqxx::result sum = work.exec(
        fmt::format("SELECT encode(sha256(convert_to({}, 'UTF8')), 'hex')", work.quote(files[i].text)));
    if (!is_recorded_as(files[i], sum[0][0].as<std::string>(), row[2].as<std::string>())) {
      return refuse(
          fmt::format("{} has changed since it was applied (as {}): an applied file stays as it is, a"
                      " change is a new file",
                      files[i].name, row[1].c_str()));
    }
  }
  return static_cast<std::size_t>(rows.size());
}

// A table that another program has made where the first file makes its own.
std::expected<void, DatabaseError> check_room(pqxx::work& work) {
  const pqxx::result found = work.exec(
      "SELECT relnamespace::regnamespace FROM pg_class"
      " WHERE relname = 'tasks' AND relnamespace = to_regnamespace(quote_ident(current_schema()))");
  if (found.empty()) return {};
  return refuse(foreign_tasks(found[0][0].as<std::string>()));
}

// One statement at a time: sql_statements.h.
void apply(pqxx::work& work, const MigrationFile& file) {
  for (const auto statement : sql_statements(file.text)) work.exec(std::string(statement));
  work.exec(
      fmt::format("INSERT INTO tasklane_migrations (version, name, checksum)"
                  " VALUES ({}, {}, encode(sha256(convert_to({}, 'UTF8')), 'hex'))",
                  file.version, work.quote(file.name), work.quote(file.text)));
}

bool api_role_exists(pqxx::work& work) {
  return !work.exec("SELECT to_regrole('tasklane_api')")[0][0].is_null();
}

// What a run goes by, and how far it has come.
struct Run {
  const Files& files;
  Clock::time_point give_up_at = {};
  std::string doing = "connecting";  // for the sentence of a failure
  MigrationReport report = {};
};

// One transaction: applies the first file that is not applied yet. True when there was one. The lock is the
// transaction's and not the session's, so it holds behind a pooler as well and cannot be left behind.
std::expected<bool, DatabaseError> apply_next(pqxx::connection& connection, Run& run) {
  pqxx::work work(connection);
  prepare(work);
  if (auto fit = check_server(work); !fit) return std::unexpected(fit.error());
  run.report.pooled = leads_through_pooler(connection, work);
  run.doing = "waiting for another migration";
  set_lock_timeout(work,
                   std::chrono::duration_cast<std::chrono::milliseconds>(run.give_up_at - Clock::now()));
  work.exec(fmt::format("SELECT pg_advisory_xact_lock({})", kLockKey));
  run.doing = "migrating";
  if (!is_recorded(work)) {
    work.exec(
        "CREATE TABLE tasklane_migrations (version integer PRIMARY KEY, name text NOT NULL,"
        " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());"
        "COMMENT ON TABLE tasklane_migrations IS 'Which files of sql/ were applied, and their SHA-256.'");
  }
  const auto applied = count_applied(work, run.files);
  if (!applied) return std::unexpected(applied.error());
  run.report.version = static_cast<int>(*applied);
  run.report.api_role_exists = api_role_exists(work);
  if (*applied == run.files.size()) return false;

  if (*applied == 0) {
    if (auto room = check_room(work); !room) return std::unexpected(room.error());
  }
  const MigrationFile& file = run.files[*applied];
  run.doing = file.name;
  set_lock_timeout(work, limits::kMigrationLockTimeout);
  apply(work, file);
  work.commit();
  run.report.applied.push_back(file.name);
  return true;
}

// The same again and again while a lock is not to be had. Every worker queues behind whoever waits for a
// table's lock, so each wait is short, and in the pauses they are served.
std::expected<bool, DatabaseError> apply_next_patiently(pqxx::connection& connection, Run& run) {
  while (true) {
    try {
      return apply_next(connection, run);
    } catch (const pqxx::deadlock_detected&) {
      if (Clock::now() + limits::kMigrationLockPause > run.give_up_at) throw;
    } catch (const pqxx::sql_error& error) {
      if (error.sqlstate() != "55P03") throw;  // lock_not_available
      if (Clock::now() + limits::kMigrationLockPause > run.give_up_at) throw;
    }
    std::this_thread::sleep_for(limits::kMigrationLockPause);
  }
}

}  // namespace

std::string foreign_tasks(std::string_view schema) {
  return fmt::format(
      "the schema {0} has a table tasks of another program. Either give Tasklane a schema of its own: CREATE"
      " SCHEMA tasklane, and for the role that migrates ALTER ROLE … IN DATABASE … SET search_path = "
      "tasklane."
      " Or move the other table away: CREATE SCHEMA before, ALTER TABLE {0}.tasks SET SCHEMA before. Then run"
      " tasklane migrate",
      schema);
}

std::expected<MigrationReport, DatabaseError> migrate(const std::string& url, const std::string& sql_folder,
                                                      std::chrono::milliseconds patience) {
  const auto files = read_migration_files(sql_folder);
  if (!files) return std::unexpected(files.error());
  Run run{.files = *files};
  try {
    pqxx::connection connection(bounded_url(url));
    // One turn per file, and one that finds nothing left.
    for (std::size_t turn = 0; turn <= files->size(); ++turn) {
      run.give_up_at = Clock::now() + patience;
      const auto more = apply_next_patiently(connection, run);
      if (!more) return std::unexpected(more.error());
      if (!*more) break;
    }
    return run.report;
  } catch (const pqxx::insufficient_privilege&) {
    DatabaseError error = current_database_error(run.doing, url);
    error.sentence += "; the tables' owner migrates: give its URL as DATABASE_URL_DIRECT";
    return std::unexpected(std::move(error));
  } catch (const pqxx::failure&) {
    return std::unexpected(current_database_error(run.doing, url));
  }
}

std::expected<MigrationState, DatabaseError> compare_migrations(const std::string& url,
                                                                const std::string& sql_folder) {
  const auto files = read_migration_files(sql_folder);
  if (!files) return std::unexpected(files.error());
  std::string_view doing = "connecting";
  try {
    pqxx::connection connection(bounded_url(url));
    doing = "reading tasklane_migrations";
    pqxx::work work(connection);
    prepare(work);
    set_lock_timeout(work, limits::kMigrationPatience);
    if (auto fit = check_server(work); !fit) return std::unexpected(fit.error());
    std::size_t applied = 0;
    if (is_recorded(work)) {
      const auto count = count_applied(work, *files);
      if (!count) return std::unexpected(count.error());
      applied = *count;
    }
    MigrationState state{.version = static_cast<int>(applied),
                         .pending = {},
                         .pooled = leads_through_pooler(connection, work)};
    for (std::size_t i = applied; i < files->size(); ++i) state.pending.push_back((*files)[i].name);
    return state;
  } catch (const pqxx::failure&) {
    return std::unexpected(current_database_error(doing, url));
  }
}

}  // namespace tasklane
