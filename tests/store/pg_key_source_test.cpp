// Public keys from Better Auth's table, through the request path's connections.

#include <boost/test/unit_test.hpp>
#include <pqxx/transaction>

#include "../unit/auth_fixtures.h"
#include "pool_fixture.h"
#include "store/pg_key_source.h"

using namespace tasklane;

namespace {

struct KeySourceFixture : OwnPoolFixture {
  void make_table() {
    own.run(R"(CREATE TABLE jwks (id text PRIMARY KEY, "publicKey" text, "privateKey" text, alg text))");
  }
  // A sample's key as Better Auth stores it.
  void insert_sample(const std::string& alg) {
    const JsonValue sample = fixtures::read_json("better-auth/alg-" + alg + ".json");
    const JsonValue& key = fixtures::at(sample, "jwks.keys.0");
    insert(fixtures::text_at(key, "kid"), fixtures::to_text(key), alg);
  }
  void insert(const std::string& kid, const std::string& jwk, const std::string& alg) {
    pqxx::connection connection(own.url());
    pqxx::work work(connection);
    work.exec(fmt::format("INSERT INTO jwks VALUES ({}, {}, 'PRIVATE', nullif({}, ''))", work.quote(kid),
                          work.quote(jwk), work.quote(alg)));
    work.commit();
  }
  Result<KeySet> load(const std::string& table = "jwks") {
    PgKeySource source(*pool, {.table = table});
    return run(source.load());
  }
  // What an operator is told; the client is told of no role and no table.
  std::string why(const Result<KeySet>& keys) {
    BOOST_REQUIRE(!keys);
    BOOST_TEST((keys.error().type == ErrorType::service_unavailable));
    BOOST_TEST(keys.error().detail == "Keys to verify tokens with cannot be read");
    return keys.error().why;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pg_key_source, KeySourceFixture)

BOOST_AUTO_TEST_CASE(no_table_is_no_keys) {
  connect();
  const auto keys = load();
  BOOST_REQUIRE(keys);
  BOOST_TEST(keys->size() == 0U);
  make_table();
  BOOST_TEST(load()->size() == 0U);
}

BOOST_AUTO_TEST_CASE(reads_keys_that_verify_real_tokens) {
  make_table();
  for (const char* alg : {"EdDSA", "ES256", "RS256"}) insert_sample(alg);
  connect();
  const auto keys = load();
  BOOST_REQUIRE(keys);
  BOOST_TEST(keys->size() == 3U);
  for (const std::string alg : {"EdDSA", "ES256", "RS256"}) {
    const std::string token =
        fixtures::text_at(fixtures::read_json("better-auth/alg-" + alg + ".json"), "token.token");
    BOOST_TEST(fixtures::verdict(token, *keys) == "", alg);
  }
}

BOOST_AUTO_TEST_CASE(a_row_that_is_no_key_is_left_out) {
  make_table();
  insert_sample("EdDSA");
  insert("broken", "not json", "EdDSA");
  insert("unknown", R"({"kty":"oct","k":"AAAA"})", "HS256");
  own.run("INSERT INTO jwks VALUES ('null', NULL, 'PRIVATE', NULL)");
  connect();
  BOOST_TEST(load()->size() == 1U);
}

// Better Auth with usePlural, a name of its own, a schema of its own.
BOOST_AUTO_TEST_CASE(reads_a_table_of_any_name) {
  own.run("CREATE SCHEMA auth");
  connect();
  for (const std::string table : {"jwkss", "signingKeys", "auth.jwks", "auth.Keys_2"}) {
    BOOST_TEST(load(table)->size() == 0U, table);
    const std::string quoted = table.contains('.') ? "auth.\"" + table.substr(5) + '"' : '"' + table + '"';
    own.run(fmt::format(R"(CREATE TABLE {0} (id text, "publicKey" text, "privateKey" text);
                           INSERT INTO {0} VALUES ('k',
                             '{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}', 'x'))",
                        quoted));
    BOOST_TEST(load(table)->size() == 1U, table);
  }
  BOOST_TEST(load()->size() == 0U);
}

// The role that serves chooses the name: nothing but the public half of keys comes out, whatever it is.
BOOST_AUTO_TEST_CASE(a_table_that_holds_no_keys_is_not_read) {
  own.run(R"(CREATE TABLE "user" (id text, email text); INSERT INTO "user" VALUES ('ada', 'ada@example.com');
             CREATE VIEW fake AS SELECT 'k' AS id, '{}' AS "publicKey")");
  connect();
  for (const char* table : {"user", "public.user", "fake", "pg_catalog.pg_authid", "jwks; DROP TABLE tasks"})
    BOOST_TEST(load(table)->size() == 0U, table);
}

BOOST_AUTO_TEST_CASE(a_missing_right_is_no_defect_and_what_to_grant_is_told) {
  make_table();
  insert_sample("EdDSA");
  connect();
  const struct {
    const char* taken;
    const char* grant;
    const char* table;
  } cases[] = {{"REVOKE SELECT ON tasklane_public_keys FROM tasklane_api",
                "GRANT SELECT ON tasklane_public_keys TO tasklane_api", "jwks"},
               {"REVOKE EXECUTE ON FUNCTION tasklane_read_public_keys() FROM tasklane_api",
                "GRANT EXECUTE ON FUNCTION tasklane_read_public_keys() TO tasklane_api", "jwks"},
               {"REVOKE EXECUTE ON FUNCTION tasklane_public_keys_in(text) FROM tasklane_api",
                "GRANT EXECUTE ON FUNCTION tasklane_public_keys_in(text) TO tasklane_api", "public.jwks"}};
  for (const auto& one : cases) {
    own.run(one.taken);
    BOOST_TEST(why(load(one.table)) == std::string("a right is missing: ") + one.grant);
    own.run(one.grant);
    BOOST_TEST(load(one.table)->size() == 1U, one.grant);
  }
}

// Better Auth's table belongs to another role than Tasklane's functions.
BOOST_AUTO_TEST_CASE(what_the_owner_may_not_read_is_told) {
  const FreshRole owner(own, "tasklane_owner", "NOLOGIN");
  own.run(R"(CREATE SCHEMA auth;
    CREATE TABLE auth.jwks (id text, "publicKey" text, "privateKey" text);
    CALL tasklane_read_keys_from('{auth}');
    GRANT USAGE ON SCHEMA public TO tasklane_owner;
    ALTER FUNCTION tasklane_public_keys_in(text) OWNER TO tasklane_owner)");
  connect();
  const std::string usage = "GRANT USAGE ON SCHEMA auth TO tasklane_owner";
  const std::string select = "GRANT SELECT ON auth.jwks TO tasklane_owner";
  BOOST_TEST(why(load()) == "a right is missing: " + usage + ", " + select);
  own.run(usage + ";" + select);
  BOOST_TEST(load()->size() == 0U);
  own.run("ALTER TABLE auth.jwks ENABLE ROW LEVEL SECURITY");
  const std::string bypass = "ALTER ROLE tasklane_owner BYPASSRLS";
  BOOST_TEST(why(load()) == "a right is missing: " + bypass);
  own.run(bypass);
  BOOST_TEST(load()->size() == 0U);
}

BOOST_AUTO_TEST_CASE(the_newest_keys_count_when_there_are_too_many) {
  own.run(R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text, "createdAt" timestamptz);
    INSERT INTO jwks SELECT n, '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
      'x', now() - n * interval '1 hour' FROM generate_series(1, 300) AS n)");
  connect();
  const auto read = run(read_public_keys(*pool, {}));
  BOOST_REQUIRE(read);
  BOOST_TEST(read->keys.size() == 256U);
  BOOST_TEST(read->keys.find(Algorithm::EdDSA, "1").size() == 1U);
  BOOST_TEST(read->keys.find(Algorithm::EdDSA, "257").empty());
  BOOST_REQUIRE(read->skipped.size() == 1U);
  BOOST_TEST(read->skipped.front() == "key 257 and all older ones: only the newest 256 count");
}

BOOST_AUTO_TEST_CASE(a_database_that_is_away_is_told) {
  shared().run("ALTER DATABASE " + own.name() + " ALLOW_CONNECTIONS false");
  connect();
  BOOST_TEST(outcome(load()) == "service_unavailable");
}

BOOST_AUTO_TEST_SUITE_END()
