// What tasklane_api may do, proven by trying, and how the migration fares without the right to make roles.

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "database.h"
#include "schema/migrations.h"
#include "schema/restoration.h"
#include "store/statements.h"

using namespace tasklane;

namespace {

bool denied(const FreshDatabase& database, const std::string& sql) {
  const std::string said = database.refusal(sql);
  BOOST_TEST_MESSAGE(sql << ": " << said);
  return said.starts_with("permission denied") || said.starts_with("must be ");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(privileges)

BOOST_AUTO_TEST_CASE(the_api_role_may_do_what_its_statements_need) {
  const auto database = FreshDatabase::migrated();
  for (const char* sql :
       {"SELECT id, user_id, title, description, completed, created_at, updated_at FROM tasks",
        "INSERT INTO tasks (user_id, title, description) VALUES ('u', 't', 'd') RETURNING id, created_at",
        "INSERT INTO tasks (user_id, title, completed, created_at, updated_at) VALUES ('u', 't', true, "
        "now(), now())",
        "UPDATE tasks SET title = 'x', description = NULL, completed = NOT completed, updated_at = now()"
        " WHERE user_id = 'u' AND id = 1 RETURNING *",
        "UPDATE tasks SET completed = NOT completed, version = version + 1 WHERE user_id = 'u' AND id = 1",
        "SELECT version FROM tasks WHERE user_id = 'u' AND id = 1 FOR NO KEY UPDATE",
        "DELETE FROM tasks WHERE user_id = 'u' AND id = 1 RETURNING id",
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, id, title, description, completed,"
        " created_at, updated_at, version) VALUES ('u', 'k', sha256(''), 1, 't', NULL, false, now(), now(), "
        "1)",
        "SELECT fingerprint, stored_at, title FROM idempotency_keys WHERE user_id = 'u' AND key = 'k'",
        "DELETE FROM idempotency_keys WHERE user_id = 'u' AND key = 'k' RETURNING key",
        "SELECT kid, jwk, alg, expires_at FROM tasklane_public_keys",
        "SELECT kid, jwk, alg FROM tasklane_public_keys_in('jwkss')"})
    BOOST_TEST(database.refusal(sql) == "", sql);
}

BOOST_AUTO_TEST_CASE(the_api_role_may_do_nothing_else) {
  const auto database = FreshDatabase::migrated();
  database.run(
      R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text); CREATE TABLE "user" (id text))");
  for (const char* sql :
       {"TRUNCATE tasks",
        "DROP TABLE tasks",
        "ALTER TABLE tasks ADD COLUMN x int",
        "CREATE INDEX ON tasks (title)",
        "CREATE TABLE mine (user_id text, id bigint, FOREIGN KEY (user_id, id) REFERENCES tasks)",
        "CREATE SCHEMA mine",
        "INSERT INTO tasks (id, user_id, title) OVERRIDING SYSTEM VALUE VALUES (7, 'u', 't')",
        "UPDATE tasks SET id = 7",
        "INSERT INTO tasks (user_id, title, version) VALUES ('u', 't', 7)",
        "ALTER TABLE tasks DISABLE TRIGGER tasks_version",
        "UPDATE tasks SET user_id = 'v'",
        "UPDATE tasks SET created_at = now()",
        "TRUNCATE idempotency_keys",
        "DROP TABLE idempotency_keys",
        "UPDATE idempotency_keys SET title = 'x'",
        "UPDATE idempotency_keys SET stored_at = now()",
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, stored_at, id, title, completed,"
        " created_at, updated_at) VALUES ('u', 'k', sha256(''), now(), 1, 't', false, now(), now())",
        "SELECT setval('tasks_id_seq', 1)",
        "SELECT nextval('tasks_id_seq')",
        "SELECT * FROM tasklane_migrations",
        "INSERT INTO tasklane_migrations VALUES (9, 'x', 'x')",
        "DELETE FROM tasklane_migrations",
        "SELECT * FROM jwks",
        R"(SELECT "privateKey" FROM jwks)",
        R"(SELECT "publicKey" FROM jwks)",
        "INSERT INTO jwks VALUES ('k', 'k', 'k')",
        R"(SELECT * FROM "user")",
        "DROP VIEW tasklane_public_keys",
        "CREATE OR REPLACE FUNCTION tasklane_read_public_keys() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION tasklane_read_public_keys() SET search_path = pg_temp",
        "CALL tasklane_grant('tasklane_api')",
        "CALL tasklane_read_keys_from('{pg_temp}')",
        "CREATE ROLE mine",
        "COPY tasks TO PROGRAM 'cat'"})
    BOOST_TEST(denied(database, sql), sql);
}

BOOST_AUTO_TEST_CASE(nobody_else_may_anything) {
  const auto database = FreshDatabase::migrated();
  const FreshRole stranger(database, "tasklane_stranger", "LOGIN");
  for (const char* sql :
       {"SELECT * FROM tasks", "SELECT * FROM idempotency_keys", "SELECT * FROM tasklane_public_keys",
        "SELECT * FROM tasklane_read_public_keys()", "SELECT * FROM tasklane_public_keys_in('jwks')",
        "SELECT * FROM tasklane_migrations", "CALL tasklane_grant('tasklane_stranger')"}) {
    const std::string said = database.refusal(sql, "tasklane_stranger");
    BOOST_TEST(said.starts_with("permission denied"), sql << ": " << said);
  }
}

BOOST_AUTO_TEST_CASE(the_api_role_has_its_settings) {
  const auto database = FreshDatabase::migrated();
  pqxx::connection connection(database.api_url());
  pqxx::work work(connection);
  const auto setting = [&](const std::string& name) {
    return work.exec("SELECT current_setting('" + name + "')")[0][0].as<std::string>();
  };
  BOOST_TEST(setting("statement_timeout") == "5s");
  BOOST_TEST(setting("lock_timeout") == "4s");
  BOOST_TEST(setting("idle_in_transaction_session_timeout") == "4s");
  BOOST_TEST(setting("plan_cache_mode") == "force_generic_plan");
  BOOST_TEST(setting("enable_seqscan") == "off");
  BOOST_TEST(setting("jit") == "off");
}

// A plan may be made when autovacuum has just seen the table without a row, and is kept while it fills.
BOOST_AUTO_TEST_CASE(an_empty_table_is_read_by_its_indexes) {
  const auto database = FreshDatabase::migrated();
  pqxx::connection owner(database.url());
  pqxx::nontransaction(owner).exec("VACUUM tasks, idempotency_keys");
  pqxx::connection connection(database.api_url());
  pqxx::work work(connection);
  for (const Statement* statement : statements::kAll) {
    // Functions read the keys; their rights are asked for when that has failed.
    if (std::string_view(statement->name).contains("key") && statement->effect == Effect::read) continue;
    work.exec(std::string("PREPARE it AS ") + statement->sql);
    const auto known = work.exec("SELECT cardinality(parameter_types) FROM pg_prepared_statements");
    std::string values;
    for (int left = known[0][0].as<int>(); left > 0; --left) values += left > 1 ? "NULL, " : "NULL";
    for (const auto& row : work.exec("EXPLAIN EXECUTE it" + (values.empty() ? "" : "(" + values + ")"))) {
      const std::string line = row[0].c_str();
      BOOST_TEST(!line.contains("Seq Scan"), statement->name << ": " << line);
      BOOST_TEST(!line.contains("Sort Key: created_at"), statement->name << ": " << line);
    }
    work.exec("DEALLOCATE it");
  }
}

// Also where some users have far more tasks than most. The order is the index's own: nothing is sorted.
BOOST_AUTO_TEST_CASE(lists_are_planned_once_and_read_in_order) {
  const auto database = FreshDatabase::migrated();
  database.run(
      "INSERT INTO tasks (user_id, title, created_at)"
      " SELECT CASE WHEN t % 2 = 0 THEN 'busy' ELSE 'user-' || t % 999 END, 't', now() - random() * interval "
      "'9 d'"
      " FROM generate_series(1, 20000) t; ANALYZE tasks");
  pqxx::connection connection(database.api_url());
  pqxx::work work(connection);
  for (const auto& [statement, parameters, index] :
       {std::tuple(&statements::kListTasks, "'busy'", "idx_task_user_id"),
        std::tuple(&statements::kListTasksByCompletion, "'busy', true", "idx_task_user_completed"),
        std::tuple(&statements::kListMoreTasks, "'busy', now(), 1, 100, 9999", "idx_task_user_id"),
        std::tuple(&statements::kListMoreTasksByCompletion, "'busy', now(), 1, 100, 9999, true",
                   "idx_task_user_completed"),
        std::tuple(&statements::kSliceNewest, "'busy', now(), 1, 100, 0, 999", "idx_task_user_id"),
        std::tuple(&statements::kSliceNewestByCompletion, "'busy', now(), 1, 100, 0, 999, true",
                   "idx_task_user_completed"),
        std::tuple(&statements::kScanNewest, "'busy', now(), 1, 100, 0, 999, 'text', NULL",
                   "idx_task_user_id")}) {
    work.exec(std::string("PREPARE list AS ") + statement->sql);
    std::string plan;
    for (const auto& row : work.exec(fmt::format("EXPLAIN EXECUTE list({})", parameters)))
      plan += row[0].as<std::string>() + "\n";
    BOOST_TEST(plan.contains(fmt::format("Index Scan using {} ", index)), plan);
    BOOST_TEST(!plan.contains("Sort"), plan);
    BOOST_TEST(plan.contains("Limit"), plan);
    BOOST_TEST(plan.contains("user_id = $1"), plan);
    BOOST_TEST(
        plan.contains("ROW(created_at, id) < ROW($2, $3)") == std::string_view(parameters).contains("now"),
        plan);
    work.exec("DEALLOCATE list");
  }
  for (const auto* statement :
       {&statements::kSliceOldest, &statements::kSliceOldestByCompletion, &statements::kScanOldest}) {
    work.exec(std::string("PREPARE list AS ") + statement->sql);
    const auto known = work.exec("SELECT cardinality(parameter_types) FROM pg_prepared_statements");
    std::string values = "'busy', now(), 1, 100, 0, 999";
    for (int left = known[0][0].as<int>() - 6; left > 0; --left) values += ", NULL";
    std::string plan;
    for (const auto& row : work.exec(fmt::format("EXPLAIN EXECUTE list({})", values)))
      plan += row[0].as<std::string>() + "\n";
    BOOST_TEST(plan.contains("Index Scan Backward using "), plan);
    BOOST_TEST(!plan.contains("Sort"), plan);
    work.exec("DEALLOCATE list");
  }
}

BOOST_AUTO_TEST_CASE(default_privileges_of_the_database_do_not_widen_the_role) {
  const FreshDatabase database;
  BOOST_REQUIRE(migrate(database.url(), TASKLANE_SQL));  // the role exists now, for all databases
  const FreshDatabase generous;
  generous.run("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO tasklane_api");
  BOOST_REQUIRE(migrate(generous.url(), TASKLANE_SQL));
  BOOST_TEST(denied(generous, "TRUNCATE tasks"));
  BOOST_TEST(denied(generous, "UPDATE tasks SET user_id = 'v'"));
  BOOST_TEST(denied(generous, "SELECT * FROM tasklane_migrations"));
}

BOOST_AUTO_TEST_CASE(an_owner_who_may_not_create_roles_migrates_all_the_same) {
  const FreshDatabase database;
  FreshDatabase::drop_api_role();
  const FreshRole owner(database, "tasklane_owner", "LOGIN NOCREATEROLE");
  database.run("ALTER DATABASE " + database.name() + " OWNER TO tasklane_owner");
  const auto report = migrate(database.url_as("tasklane_owner"), TASKLANE_SQL);
  BOOST_REQUIRE_MESSAGE(report, report.error().sentence);
  BOOST_TEST(!report->api_role_exists);
  const auto undone = [&] { return undone_for(database.url_as("tasklane_owner"), "tasklane_api").value(); };
  BOOST_REQUIRE(undone().size() == 1);
  BOOST_TEST(undone()[0].contains("the role tasklane_api is missing"));

  // Later an administrator makes the role, and the owner gives it its rights.
  database.run("CREATE ROLE tasklane_api; SET ROLE tasklane_owner; CALL tasklane_grant('tasklane_api')");
  BOOST_TEST(database.refusal("INSERT INTO tasks (user_id, title) VALUES ('u', 't')") == "");
  BOOST_TEST(denied(database, "TRUNCATE tasks"));
  // It was not the owner's to alter.
  BOOST_REQUIRE(undone().size() == 1);
  BOOST_TEST(undone()[0].contains("has none of its settings"));
  database.run("CALL tasklane_grant('tasklane_api')");
  BOOST_TEST(undone().empty());
  database.run("REVOKE DELETE ON idempotency_keys FROM tasklane_api");
  BOOST_REQUIRE(undone().size() == 1);
  BOOST_TEST(undone()[0].contains("has no rights"));
  database.run("ALTER DATABASE " + database.name() + " OWNER TO CURRENT_USER");
}

BOOST_AUTO_TEST_CASE(an_owner_with_createrole_needs_no_superuser) {
  const FreshDatabase database;
  FreshDatabase::drop_api_role();
  const FreshRole owner(database, "tasklane_owner", "LOGIN CREATEROLE");
  database.run("ALTER DATABASE " + database.name() + " OWNER TO tasklane_owner");
  const auto report = migrate(database.url_as("tasklane_owner"), TASKLANE_SQL);
  BOOST_REQUIRE_MESSAGE(report, report.error().sentence);
  BOOST_TEST(report->api_role_exists);
  BOOST_TEST(database.value("SELECT rolconfig::text LIKE '%statement_timeout=5s%' AND NOT rolcanlogin"
                            " FROM pg_roles WHERE rolname = 'tasklane_api'") == "t");
  database.run("ALTER DATABASE " + database.name() + " OWNER TO CURRENT_USER; DROP OWNED BY tasklane_api");
}

BOOST_AUTO_TEST_CASE(the_owner_may_be_the_role_that_serves) {
  const FreshDatabase database;
  FreshDatabase::drop_api_role();
  const FreshRole owner(database, "tasklane_api", "LOGIN");
  database.run("ALTER DATABASE " + database.name() + " OWNER TO tasklane_api");
  const auto report = migrate(database.api_url(), TASKLANE_SQL);
  BOOST_REQUIRE_MESSAGE(report, report.error().sentence);
  BOOST_TEST(database.refusal("SELECT * FROM tasks") == "");
  database.run("ALTER DATABASE " + database.name() + " OWNER TO CURRENT_USER");
}

// As where an administrator has made a role of another name before the newest migration came.
BOOST_AUTO_TEST_CASE(a_new_table_is_for_every_role_that_serves) {
  const MigrationFolder before;
  before.remove_after("0003_role.sql");
  const FreshDatabase database;
  BOOST_REQUIRE(migrate(database.url(), before.path()));
  const FreshRole served(database, "tasklane_served", "LOGIN");
  const FreshRole stranger(database, "tasklane_stranger", "LOGIN");
  database.run("CALL tasklane_grant('tasklane_served'); GRANT SELECT ON tasks TO tasklane_stranger");
  BOOST_REQUIRE(migrate(database.url(), TASKLANE_SQL));
  for (const char* role : {"tasklane_api", "tasklane_served"})
    BOOST_TEST(database.refusal("SELECT * FROM idempotency_keys", role) == "", role);
  BOOST_TEST(database.refusal("SELECT * FROM idempotency_keys", "tasklane_stranger")
                 .starts_with("permission denied"));
  BOOST_TEST(database.refusal("SELECT * FROM tasks", "tasklane_stranger") == "");
}

// The rules are checked by a function, which whoever writes has to be allowed to call.
BOOST_AUTO_TEST_CASE(the_api_role_writes_where_functions_are_not_public) {
  const FreshDatabase database;
  database.run("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC");
  BOOST_REQUIRE(migrate(database.url(), TASKLANE_SQL));
  BOOST_TEST(database.refusal("INSERT INTO tasks (user_id, title) VALUES ('u', 't')", "tasklane_api") == "");
}

BOOST_AUTO_TEST_CASE(a_schema_of_its_own_works_for_owner_and_api_role) {
  const FreshDatabase database;
  database.run(R"(CREATE SCHEMA "Task Lane")");
  database.run("ALTER DATABASE " + database.name() + R"( SET search_path = "Task Lane")");
  BOOST_REQUIRE(migrate(database.url(), TASKLANE_SQL));
  database.run("ALTER DATABASE " + database.name() + " RESET search_path; ALTER ROLE tasklane_api LOGIN");
  pqxx::connection connection(database.api_url());
  pqxx::work work(connection);
  work.exec("INSERT INTO tasks (user_id, title) VALUES ('u', 't')");
  work.exec("SELECT * FROM tasklane_public_keys");
  work.exec("SELECT * FROM idempotency_keys");
}

BOOST_AUTO_TEST_SUITE_END()
