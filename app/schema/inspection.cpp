#include "schema/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schema/migrations.h"
#include "schema/synchronous.h"
#include "schema/user_records.h"

namespace tasklane {

namespace {

using Level = Finding::Level;

// Tables that look like Better Auth's keys, unless there is one that workers read.
constexpr char kKeyTablesElsewhere[] = R"sql(
  SELECT string_agg(concat(space.nspname, '.', class.relname), ', ' ORDER BY class.oid)
  FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
  WHERE class.relkind IN ('r', 'p') AND tasklane_key_table({0}) IS NULL
    AND EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = class.oid AND attname IN ('publicKey', 'public_key'))
    AND EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = class.oid AND attname IN ('privateKey', 'private_key')))sql";

class Inspector {
 public:
  explicit Inspector(pqxx::work& work) : work_(work) {}

  void connection();
  void settings();
  void table();
  void room(int workers, int connections);
  void keys(const std::string& table);
  // Also true when there is none: that is a finding of its own.
  bool can_read_migrations() {
    return holds("coalesce(has_table_privilege(to_regclass('tasklane_migrations'), 'SELECT'), true)");
  }
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  // One boolean; null is false.
  bool holds(const std::string& expression) {
    return work_.exec("SELECT coalesce((" + expression + ")::int, 0)")[0][0].as<int>() != 0;
  }
  std::string text(const std::string& expression) {
    return work_.exec("SELECT coalesce((" + expression + ")::text, '')")[0][0].as<std::string>();
  }
  void private_keys(const std::string& table);
  void add(Level level, std::string sentence) { findings_.push_back({level, std::move(sentence)}); }

  pqxx::work& work_;
  std::vector<Finding> findings_;
};

void Inspector::connection() {
  add(Level::good, fmt::format("the database answers: PostgreSQL {}, role {}",
                               text("current_setting('server_version')"), text("current_user")));
  if (text("current_setting('server_version_num')::int < 140000") == "true")
    add(Level::bad, "the server is older than PostgreSQL 14");
  if (text("current_setting('server_encoding')") != "UTF8")
    add(Level::bad, "the database's encoding is not UTF8");
  if (holds("pg_is_in_recovery()")) add(Level::bad, "the server is a read-only standby");
  // No address: a unix socket. Behind a pooler this speaks of the pooler's link to the server.
  const bool local = holds(
      "inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8'"
      " OR inet_server_addr() = '::1'");
  if (!local && !holds("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    add(Level::warning, "the connection to another host has no TLS: add sslmode=verify-full to DATABASE_URL");
}

void Inspector::settings() {
  if (text("current_setting('statement_timeout')") == "0") {
    add(Level::warning,
        fmt::format("role {} has no statement_timeout: ALTER ROLE … SET statement_timeout = '5s'",
                    text("current_user")));
  }
  // An acknowledged write is promised to be there.
  if (text("current_setting('fsync')") == "off")
    add(Level::warning, "fsync is off: a crash of the server's host may lose the whole database: turn it on");
  if (text("current_setting('synchronous_commit')") == "off") {
    add(Level::warning,
        "synchronous_commit is off: a crash of the server loses writes that were acknowledged: turn it on");
  }
  if (holds("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
    add(Level::warning, fmt::format("role {} is a superuser: serve as tasklane_api", text("current_user")));
}

// Each worker may have one more for long reads. During a reload the workers of two generations are connected.
// Behind a pooler the server's connections are the pooler's, so that too many are no more than a warning.
void Inspector::room(int workers, int connections) {
  const int wanted = workers * (connections + 1);
  const int most = work_
                       .exec(
                           "SELECT least("
                           "  current_setting('max_connections')::int"
                           "    - current_setting('superuser_reserved_connections')::int"
                           "    - coalesce(current_setting('reserved_connections', true)::int, 0),"
                           "  (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),"
                           "  (SELECT nullif(datconnlimit, -1) FROM pg_database"
                           "    WHERE datname = current_database()))")[0][0]
                       .as<int>();
  const std::string sum = fmt::format(
      "{} workers with {} connections each, and one more for long reads, are {}, and twice as many during a"
      " reload; the server lets this role have {}",
      workers, connections, wanted, most);
  if (wanted > most) {
    add(Level::warning, sum +
                            ": some workers would be without. Lower WORKERS or DATABASE_CONNECTIONS, raise"
                            " max_connections, or use a pooler");
  } else if (2 * wanted > most) {
    add(Level::warning, sum + ": a reload may fail");
  } else {
    add(Level::good, sum);
  }
}

void Inspector::table() {
  if (!holds("to_regclass('tasks') IS NOT NULL")) {
    add(Level::bad, "the table tasks is not there: run tasklane migrate");
    return;
  }
  if (!holds("to_regclass('tasklane_migrations') IS NOT NULL")) {
    add(Level::bad, foreign_tasks(text("SELECT relnamespace::regnamespace FROM pg_class"
                                       " WHERE oid = to_regclass('tasks')")));
    return;
  }
  bool all = true;
  for (const auto& [right, test] : {std::pair("SELECT", "has_table_privilege('tasks', 'SELECT')"),
                                    std::pair("INSERT", "has_any_column_privilege('tasks', 'INSERT')"),
                                    std::pair("UPDATE", "has_any_column_privilege('tasks', 'UPDATE')"),
                                    std::pair("DELETE", "has_table_privilege('tasks', 'DELETE')")}) {
    if (holds(test)) continue;
    all = false;
    add(Level::bad, fmt::format("role {} may not {} on tasks: CALL tasklane_grant('{}')",
                                text("current_user"), right, text("current_user")));
  }
  // Of a schema without versions, the migration that is missing is told.
  if (all && holds("SELECT NOT has_column_privilege(attrelid, attnum, 'UPDATE') FROM pg_attribute"
                   " WHERE attrelid = 'tasks'::regclass AND attname = 'version'")) {
    all = false;
    add(Level::bad, fmt::format("role {0} may not UPDATE version on tasks: CALL tasklane_grant('{0}')",
                                text("current_user")));
  }
  if (all) add(Level::good, "the table tasks can be read and written");
  if (!holds("SELECT has_table_privilege(keys, 'SELECT') AND has_table_privilege(keys, 'DELETE')"
             " AND has_any_column_privilege(keys, 'INSERT') FROM to_regclass('idempotency_keys') AS keys")) {
    add(Level::bad,
        fmt::format("role {0} may not read and write idempotency_keys: run tasklane migrate, or CALL"
                    " tasklane_grant('{0}')",
                    text("current_user")));
  }
  if (holds("NOT has_table_privilege(to_regclass('user_marks'), 'SELECT')"))
    add(Level::bad, fmt::format("role {0} may not SELECT on user_marks: CALL tasklane_grant('{0}')",
                                text("current_user")));
}

void Inspector::private_keys(const std::string& table) {
  // Better Auth's spelling, and that of hand-made schemas.
  for (const std::string column : {"privateKey", "private_key"}) {
    if (holds(fmt::format("SELECT has_column_privilege(attrelid, attnum, 'SELECT') FROM pg_attribute"
                          " WHERE attrelid = tasklane_key_table({}) AND attname = '{}'",
                          work_.quote(table), column))) {
      add(Level::warning,
          fmt::format("role {} can read Better Auth's private keys ({}.{}): serve as tasklane_api",
                      text("current_user"), table, column));
    }
  }
}

// Where the keys are. Whether they can be read is found out by reading them.
void Inspector::keys(const std::string& table) {
  if (!holds("to_regprocedure('tasklane_key_table(text)') IS NOT NULL")) {
    if (!table.empty())
      add(Level::bad, "the view tasklane_public_keys is not up to date: run tasklane migrate");
    return;
  }
  private_keys(table.empty() ? "jwks" : table);
  if (table.empty()) return;
  const std::string elsewhere = text(fmt::format(kKeyTablesElsewhere, work_.quote(table)));
  if (elsewhere.empty()) return;
  add(Level::bad, fmt::format("Better Auth's keys seem to be in {}, where workers do not look: set"
                              " AUTH_JWKS_TABLE={}",
                              elsewhere, elsewhere.substr(0, elsewhere.find(','))));
}

void add_schema(const InspectionTarget& target, std::vector<Finding>& findings) {
  const auto state = compare_migrations(target.direct_url, target.sql_folder);
  if (!state) {
    findings.push_back({Level::bad, state.error().sentence});
    return;
  }
  if (!state->pending.empty()) {
    findings.push_back(
        {Level::bad,
         fmt::format("the schema is at version {}, {} is still to be applied: run tasklane migrate",
                     state->version, state->pending.front())});
  } else {
    findings.push_back(
        {Level::good, fmt::format("the schema is at version {}, as it should be", state->version)});
  }
  if (state->pooled) {
    findings.push_back({Level::warning,
                        "migrations would go through a pooler: set DATABASE_URL_DIRECT to the server's own"
                        " address"});
  }
}

// Rows of users who are gone, and whether the next one leaves some.
void add_orphans(const InspectionTarget& target, std::vector<Finding>& findings) {
  constexpr int kNamed = 3;
  const auto orphans = find_orphans(target.direct_url, target.keys_table, kNamed);
  if (!orphans) {
    findings.push_back({Level::warning, orphans.error().sentence});
    return;
  }
  const auto tell = [&](const std::vector<std::string>& users, const std::string& what) {
    if (users.empty()) return;
    findings.push_back(
        {Level::warning, fmt::format("{} ({}{}): tasklane user orphans", what, fmt::join(users, ", "),
                                     users.size() == kNamed ? ", …" : "")});
  };
  tell(orphans->deleted, "there are rows of users who were deleted");
  tell(orphans->unknown, fmt::format("there are rows of users who are not in {}", orphans->users_table));
  if (!orphans->users_table.empty() && !orphans->watched)
    findings.push_back(
        {Level::warning, fmt::format("a user who is deleted from {} leaves tasks here: run tasklane"
                                     " migrate",
                                     orphans->users_table)});
}

}  // namespace

std::expected<std::vector<Finding>, DatabaseError> inspect(const InspectionTarget& target) {
  std::string_view doing = "connecting";
  std::vector<Finding> findings;
  bool schema_readable = false;
  try {
    pqxx::connection connection(bounded_url(target.url));
    doing = "looking at the database";
    pqxx::work work(connection);
    Inspector inspector(work);
    inspector.connection();
    inspector.settings();
    inspector.room(target.workers, target.connections);
    inspector.table();
    inspector.keys(target.keys_table);
    schema_readable = target.url != target.direct_url || inspector.can_read_migrations();
    findings = inspector.take();
  } catch (const pqxx::failure&) {
    return std::unexpected(current_database_error(doing, target.url));
  }
  if (schema_readable) {
    add_schema(target, findings);
    if (std::ranges::none_of(findings, [](const Finding& finding) { return finding.level == Level::bad; }))
      add_orphans(target, findings);
  } else {
    findings.push_back({Level::warning,
                        "the schema's version was not checked: only the owner can read it, set"
                        " DATABASE_URL_DIRECT to the owner's URL"});
  }
  return findings;
}

}  // namespace tasklane
