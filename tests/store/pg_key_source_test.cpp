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
  Result<KeySet> load() {
    PgKeySource source(*pool, Algorithm::RS256);
    return run(source.load());
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

BOOST_AUTO_TEST_CASE(a_database_that_is_away_is_told) {
  shared().run("ALTER DATABASE " + own.name() + " ALLOW_CONNECTIONS false");
  connect();
  BOOST_TEST(outcome(load()) == "service_unavailable");
}

BOOST_AUTO_TEST_SUITE_END()
