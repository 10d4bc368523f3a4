// The view of Better Auth's public keys, as tasklane_api reads it.

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <pqxx/transaction>
#include <stdexcept>

#include "database.h"
#include "schema/migrations.h"

using namespace tasklane;

namespace {

std::string better_auth_schema(const std::string& version) {
  const std::string path = fmt::format("{}/better-auth-schema/{}.sql", TASKLANE_FIXTURES, version);
  std::ifstream file(path);
  if (!file) throw std::runtime_error("no " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// "kid jwk alg expires_at|…", as the workers' role sees it.
std::string keys(const FreshDatabase& database, const std::string& before = "SELECT 1") {
  pqxx::connection connection(database.api_url());
  pqxx::work work(connection);
  work.exec(before);
  const pqxx::result rows = work.exec(
      "SELECT concat_ws(' ', kid, jwk, coalesce(alg, '-'), coalesce(expires_at::text, '-')) FROM "
      "tasklane_public_keys");
  std::string text;
  for (const auto& row : rows) text += (text.empty() ? "" : "|") + row[0].as<std::string>();
  return text;
}

constexpr const char* kHandMade = R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text))";

}  // namespace

BOOST_AUTO_TEST_SUITE(public_keys)

BOOST_AUTO_TEST_CASE(no_table_and_an_empty_table_are_no_keys) {
  const auto database = FreshDatabase::migrated();
  BOOST_TEST(keys(database) == "");
  database.run(better_auth_schema("1.7-text-ids"));
  BOOST_TEST(keys(database) == "");
}

BOOST_AUTO_TEST_CASE(reads_every_schema_that_better_auth_makes) {
  const struct {
    const char* schema;
    const char* id;
    bool has_alg;
  } cases[] = {{"1.7-text-ids", "4vyXMkdTNTb4UH9kkIHAKrQVvgRwHrNc", true},
               {"1.7-serial-ids", "1", true},
               {"1.7-uuid-ids", "5ff8bcc8-269e-4014-af41-9034e6061eef", true},
               {"1.4-text-ids", "PBHDC9BKjMQfYBVkmAAlIUDmrPfOjVkQ", false}};
  for (const auto& one : cases) {
    const auto database = FreshDatabase::migrated();
    database.run(better_auth_schema(one.schema));
    database.run(fmt::format(R"(INSERT INTO jwks (id, "publicKey", "privateKey", "createdAt" {})
                                VALUES ('{}', '{{"kty":"OKP"}}', 'PRIVATE', now() {}))",
                             one.has_alg ? ", alg" : "", one.id, one.has_alg ? ", 'EdDSA'" : ""));
    BOOST_TEST(
        keys(database) == fmt::format(R"({} {{"kty":"OKP"}} {} -)", one.id, one.has_alg ? "EdDSA" : "-"),
        one.schema);
  }
}

BOOST_AUTO_TEST_CASE(reads_hand_made_tables) {
  const auto bare = FreshDatabase::migrated();
  bare.run(kHandMade);
  bare.run("INSERT INTO jwks VALUES ('k', '{}', 'PRIVATE')");
  BOOST_TEST(keys(bare) == "k {} - -");

  // As drizzle and Prisma mappings have it: snake_case, jsonb, times in UTC without a zone.
  const auto snake = FreshDatabase::migrated();
  snake.run(
      "CREATE TABLE jwks (id uuid, public_key jsonb, private_key text, expires_at timestamp);"
      "INSERT INTO jwks VALUES ('5ff8bcc8-269e-4014-af41-9034e6061eef', '{}', 'PRIVATE', '2100-01-01 "
      "00:00')");
  BOOST_TEST(keys(snake, "SET timezone = 'Asia/Tokyo'") ==
             "5ff8bcc8-269e-4014-af41-9034e6061eef {} - 2100-01-01 09:00:00+09");
}

BOOST_AUTO_TEST_CASE(a_key_counts_until_30_days_past_its_expiry) {
  const auto database = FreshDatabase::migrated();
  database.run(better_auth_schema("1.7-text-ids"));
  database.run(R"(
    INSERT INTO jwks (id, "publicKey", "privateKey", "createdAt", "expiresAt") VALUES
      ('rotated', '{}', '', now() - interval '3 days', now() - interval '30 days' + interval '1 minute'),
      ('gone',    '{}', '', now() - interval '4 days', now() - interval '30 days' - interval '1 minute'),
      ('lasting', '{}', '', now() - interval '2 days', NULL),
      ('current', '{}', '', now() - interval '1 day',  now() + interval '1 day'))");
  // The newest first.
  BOOST_TEST(database.value("SELECT string_agg(kid, ' ') FROM tasklane_public_keys") ==
             "current lasting rotated");
}

BOOST_AUTO_TEST_CASE(a_private_key_never_comes_out) {
  const auto database = FreshDatabase::migrated();
  database.run(better_auth_schema("1.7-text-ids"));
  database.run(
      R"(INSERT INTO jwks (id, "publicKey", "privateKey", "createdAt") VALUES ('k', '{}', 'PRIVATE', now()))");
  BOOST_TEST(database.refusal(R"(SELECT "privateKey" FROM jwks)") == "permission denied for table jwks");
  BOOST_TEST(database.value("SELECT bool_or(v::text LIKE '%PRIVATE%') FROM tasklane_public_keys v") == "f");
}

BOOST_AUTO_TEST_CASE(the_callers_own_objects_are_never_taken_for_the_issuers) {
  const auto database = FreshDatabase::migrated();
  const std::string temporary_table =
      std::string(kHandMade).replace(7, 5, "TEMP TABLE") + "; INSERT INTO jwks VALUES ('forged', '{}', '')";
  BOOST_TEST(keys(database, temporary_table) == "");

  database.run(kHandMade);
  database.run("INSERT INTO jwks VALUES ('true', '{}', '')");
  BOOST_TEST(keys(database, temporary_table + "; SET search_path = pg_temp, public") == "true {} - -");
}

BOOST_AUTO_TEST_CASE(a_view_of_that_name_is_not_read) {
  const auto database = FreshDatabase::migrated();
  database.run(R"(CREATE VIEW jwks AS SELECT 'forged' AS id, '{}' AS "publicKey")");
  BOOST_TEST(keys(database) == "");
}

BOOST_AUTO_TEST_CASE(finds_the_table_in_the_owners_schemas_whatever_they_are_called) {
  const FreshDatabase database;
  database.run(R"(CREATE SCHEMA "a'b""c,d"; CREATE SCHEMA elsewhere)");
  database.run("ALTER DATABASE " + database.name() + R"( SET search_path = public, "a'b""c,d")");
  BOOST_REQUIRE(migrate(database.url(), TASKLANE_SQL));
  database.run("ALTER ROLE tasklane_api LOGIN");
  const auto with_schema = [](const std::string& schema) {
    return fmt::format(R"(CREATE TABLE {0}.jwks (id text, "publicKey" text, "privateKey" text);
                          INSERT INTO {0}.jwks VALUES ('k', '{{}}', 'PRIVATE'))",
                       schema);
  };
  database.run(with_schema("elsewhere"));
  BOOST_TEST(keys(database) == "");
  database.run(with_schema(R"("a'b""c,d")"));
  BOOST_TEST(keys(database) == "k {} - -");

  // The owner points it somewhere else.
  database.run(R"(DROP TABLE "a'b""c,d".jwks;
                  CALL tasklane_read_keys_from('{elsewhere}'))");
  BOOST_TEST(keys(database) == "k {} - -");
}

BOOST_AUTO_TEST_SUITE_END()
