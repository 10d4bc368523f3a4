// `tasklane check --db`.

#include "schema/inspection.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "database.h"

using namespace tasklane;
using Level = Finding::Level;

namespace {

std::vector<Finding> look_at_all(const std::string& url, const std::string& direct_url,
                                 const std::string& keys_table = "jwks", int workers = 1) {
  const auto findings = inspect({.url = url,
                                 .direct_url = direct_url,
                                 .sql_folder = TASKLANE_SQL,
                                 .keys_table = keys_table,
                                 .workers = workers,
                                 .connections = 2});
  BOOST_REQUIRE_MESSAGE(findings, findings.error().sentence);
  return *findings;
}

bool says(const std::vector<Finding>& findings, Level level, std::string_view words) {
  for (const auto& finding : findings) BOOST_TEST_MESSAGE(finding.sentence);
  return std::ranges::any_of(findings, [&](const Finding& finding) {
    return finding.level == level && finding.sentence.find(words) != std::string::npos;
  });
}

// scripts/with-postgres turns fsync and synchronous_commit off, which is told each time: a test case is about
// that.
template <typename... Arguments>
std::vector<Finding> look(Arguments&&... arguments) {
  auto findings = look_at_all(std::forward<Arguments>(arguments)...);
  std::erase_if(findings, [](const Finding& finding) {
    return finding.sentence.starts_with("fsync is off") ||
           finding.sentence.starts_with("synchronous_commit is");
  });
  return findings;
}

bool all_good(const std::vector<Finding>& findings) {
  for (const auto& finding : findings) BOOST_TEST_MESSAGE(finding.sentence);
  return !findings.empty() &&
         std::ranges::all_of(findings, [](const Finding& finding) { return finding.level == Level::good; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inspection)

BOOST_AUTO_TEST_CASE(a_migrated_database_served_by_the_api_role_is_all_good) {
  const auto database = FreshDatabase::migrated();
  BOOST_TEST(all_good(look(database.api_url(), database.url())));
  database.run(R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text);
                  INSERT INTO jwks VALUES ('k', '{}', 'PRIVATE'))");
  BOOST_TEST(all_good(look(database.api_url(), database.url())));
}

BOOST_AUTO_TEST_CASE(rows_of_users_who_are_gone_are_told_and_that_more_may_come) {
  const auto database = FreshDatabase::migrated();
  database.run(R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text);
                  CREATE TABLE "user" (id text, email text);
                  INSERT INTO tasks (user_id, title) VALUES ('gone', 't'))");
  auto findings = look(database.api_url(), database.url());
  BOOST_TEST(
      says(findings, Level::warning, "rows of users who are not in \"user\" (gone): tasklane user orphans"));
  BOOST_TEST(says(findings, Level::warning, "leaves tasks here: run tasklane migrate"));
  database.run(R"(CALL tasklane_watch_users('"user"'); SELECT tasklane_delete_user('gone'))");
  BOOST_TEST(all_good(look(database.api_url(), database.url())));
}

// Better Auth with usePlural, a name of its own, or a schema where the view does not look.
BOOST_AUTO_TEST_CASE(keys_where_workers_do_not_look_are_bad_and_the_table_is_named) {
  for (const char* table : {"jwkss", "app.jwks"}) {
    const auto database = FreshDatabase::migrated();
    database.run("CREATE SCHEMA app");
    database.run(std::string("CREATE TABLE ") + table + R"( (id text, "publicKey" text, "privateKey" text))");
    const std::string name = std::string(table).contains('.') ? table : std::string("public.") + table;
    BOOST_TEST(
        says(look(database.api_url(), database.url()), Level::bad,
             "keys seem to be in " + name + ", where workers do not look: set AUTH_JWKS_TABLE=" + name));
    BOOST_TEST(!says(look(database.api_url(), database.url(), ""), Level::bad, "seem to be"));
    BOOST_TEST(all_good(look(database.api_url(), database.url(), name)), "it is the one that is read");
    database.run(R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text))");
    BOOST_TEST(all_good(look(database.api_url(), database.url())), "the one that is read is there");
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_may_lose_acknowledged_writes_is_a_warning) {
  const auto database = FreshDatabase::migrated();
  const auto findings = look_at_all(database.api_url(), database.url());
  BOOST_TEST(says(findings, Level::warning, "fsync is off"));
  BOOST_TEST(says(findings, Level::warning, "synchronous_commit is off"));
  database.run("ALTER DATABASE " + database.name() + " SET synchronous_commit = on");
  BOOST_TEST(!says(look_at_all(database.api_url(), database.url()), Level::warning, "synchronous_commit"));
}

BOOST_AUTO_TEST_CASE(an_unmigrated_database_is_bad) {
  const FreshDatabase database;
  const auto findings = look(database.url(), database.url());
  BOOST_TEST(says(findings, Level::bad, "run tasklane migrate"));
  BOOST_TEST(says(findings, Level::bad, "tasklane_public_keys"));
  BOOST_TEST(says(findings, Level::bad, "0001_tasks.sql is still to be applied"));
}

BOOST_AUTO_TEST_CASE(an_owner_that_serves_is_warned_of_what_it_can_reach) {
  const auto database = FreshDatabase::migrated();
  const auto before = look(database.url(), database.url());
  BOOST_TEST(says(before, Level::warning, "no statement_timeout"));
  BOOST_TEST(says(before, Level::warning, "superuser"));
  BOOST_TEST(!says(before, Level::warning, "private keys"));
  database.run(R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text))");
  BOOST_TEST(says(look(database.url(), database.url()), Level::warning, "jwks.privateKey"));
}

BOOST_AUTO_TEST_CASE(a_role_without_its_rights_is_bad_and_each_right_is_named) {
  const auto database = FreshDatabase::migrated();
  database.run(
      "REVOKE UPDATE (title, description, completed, updated_at, version) ON tasks FROM tasklane_api;"
      "REVOKE INSERT (user_id, key, fingerprint, id, title, description, completed, created_at, updated_at,"
      " version)"
      " ON idempotency_keys FROM tasklane_api");
  const auto findings = look(database.api_url(), database.url());
  BOOST_TEST(says(findings, Level::bad, "may not UPDATE on tasks"));
  BOOST_TEST(!says(findings, Level::bad, "may not SELECT"));
  BOOST_TEST(says(findings, Level::bad, "may not read and write idempotency_keys"));
}

BOOST_AUTO_TEST_CASE(a_role_that_may_not_count_changes_is_bad) {
  const auto database = FreshDatabase::migrated();
  database.run("REVOKE UPDATE (version) ON tasks FROM tasklane_api");
  BOOST_TEST(says(look(database.api_url(), database.url()), Level::bad, "may not UPDATE version on tasks"));
}

BOOST_AUTO_TEST_CASE(the_schema_version_is_left_out_when_only_the_owner_could_read_it) {
  const auto database = FreshDatabase::migrated();
  const auto findings = look(database.api_url(), database.api_url());
  BOOST_TEST(says(findings, Level::warning, "DATABASE_URL_DIRECT"));
  BOOST_TEST(!says(findings, Level::bad, ""));
}

BOOST_AUTO_TEST_CASE(the_workers_connections_are_compared_with_those_that_the_role_may_have) {
  const auto database = FreshDatabase::migrated();
  const auto with = [&](int workers) { return look(database.api_url(), database.url(), "jwks", workers); };
  BOOST_TEST(
      says(with(3), Level::good, "3 workers with 2 connections each, and one more for long reads, are 9"));
  database.run("ALTER DATABASE " + database.name() + " CONNECTION LIMIT 15");
  BOOST_TEST(says(with(2), Level::good, "the server lets this role have 15"));
  BOOST_TEST(says(with(3), Level::warning, "a reload may fail"));
  BOOST_TEST(says(with(5), Level::warning, "a reload may fail"));
  BOOST_TEST(says(with(6), Level::warning, "some workers would be without"));
}

BOOST_AUTO_TEST_CASE(an_unreachable_database_is_a_temporary_failure_and_a_refused_login_is_not) {
  const auto unreachable = inspect({.url = "postgresql://u:s3cret@127.0.0.1:1/x",
                                    .direct_url = "postgresql://u:s3cret@127.0.0.1:1/x",
                                    .sql_folder = TASKLANE_SQL,
                                    .keys_table = "jwks",
                                    .workers = 1,
                                    .connections = 2});
  BOOST_REQUIRE(!unreachable);
  BOOST_TEST((unreachable.error().kind == DatabaseError::Kind::temporary));
  BOOST_TEST(unreachable.error().sentence.find("s3cret") == std::string::npos);

  const FreshDatabase database;
  const auto refused = inspect({.url = database.url_as("nobody"),
                                .direct_url = database.url(),
                                .sql_folder = TASKLANE_SQL,
                                .keys_table = "jwks",
                                .workers = 1,
                                .connections = 2});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().kind == DatabaseError::Kind::permanent));
}

BOOST_AUTO_TEST_SUITE_END()
