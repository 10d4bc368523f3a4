// The way to the database as `tasklane check --db` goes it.

#include "cli/connection_inspection.h"

#include <boost/test/unit_test.hpp>

#include "database.h"

using namespace tasklane;

BOOST_AUTO_TEST_SUITE(connection_inspection)

BOOST_AUTO_TEST_CASE(a_migrated_database_has_a_time_to_connect_and_a_round_trip) {
  const auto database = FreshDatabase::migrated();
  const auto times = time_connection(database.api_url());
  BOOST_REQUIRE(times);
  BOOST_TEST(times->round_trip.count() > 0);
  BOOST_TEST(times->connect.count() > times->round_trip.count());
}

BOOST_AUTO_TEST_CASE(what_keeps_a_worker_from_connecting_is_told) {
  const FreshDatabase bare;
  const auto unprepared = time_connection(bare.url());
  BOOST_REQUIRE(!unprepared);
  BOOST_TEST((unprepared.error().reason == ConnectFailure::unprepared));
  BOOST_TEST(unprepared.error().why.contains("relation \"tasks\" does not exist"), unprepared.error().why);

  const auto nobody = time_connection(bare.url_as("nobody"));
  BOOST_REQUIRE(!nobody);
  BOOST_TEST((nobody.error().reason == ConnectFailure::session_refused));
  BOOST_TEST(nobody.error().why.contains("role \"nobody\" does not exist"), nobody.error().why);
}

BOOST_AUTO_TEST_CASE(keys_are_judged_as_a_worker_reads_them) {
  const auto database = FreshDatabase::migrated();
  const auto judged = [&] { return judge(read_database_keys(database.api_url(), {})); };
  auto findings = judged();
  BOOST_REQUIRE(findings.size() == 1U);
  BOOST_TEST((findings.front().level == Finding::Level::good));
  BOOST_TEST(findings.front().sentence.starts_with("there is no public key yet"));
  database.run(R"(CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text);
                  INSERT INTO jwks VALUES ('bad', '{}', 'PRIVATE'))");
  findings = judged();
  BOOST_REQUIRE(findings.size() == 1U);
  BOOST_TEST((findings.front().level == Finding::Level::bad));
  BOOST_TEST(findings.front().sentence ==
             "none of the 1 public keys in the database can be used: key bad: its kty is not OKP, EC or RSA");
  database.run(R"(INSERT INTO jwks VALUES ('good',
    '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}', 'PRIVATE'))");
  findings = judged();
  BOOST_REQUIRE(findings.size() == 2U);
  BOOST_TEST(findings.front().sentence == "public keys in the database: 1");
  BOOST_TEST((findings.back().level == Finding::Level::warning));
  BOOST_TEST(findings.back().sentence.contains("key bad: "), findings.back().sentence);

  database.run("REVOKE SELECT ON tasklane_public_keys FROM tasklane_api");
  findings = judged();
  BOOST_REQUIRE(findings.size() == 1U);
  BOOST_TEST((findings.front().level == Finding::Level::bad));
  BOOST_TEST(findings.front().sentence ==
             "the public keys cannot be read: a right is missing: GRANT SELECT ON tasklane_public_keys TO"
             " tasklane_api");
}

// As after an upgrade of the server's package under it: a language cannot be loaded any more.
BOOST_AUTO_TEST_CASE(a_session_that_cannot_run_the_rules_is_no_connection) {
  const auto database = FreshDatabase::migrated();
  database.run(
      "CREATE OR REPLACE FUNCTION tasklane_check_key(user_id text, key text, fingerprint bytea,"
      " created_at timestamptz, updated_at timestamptz) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS"
      " $$ BEGIN RAISE undefined_file USING MESSAGE = 'could not load library \"plpgsql.so\"'; END $$");
  const auto failed = time_connection(database.api_url());
  BOOST_REQUIRE(!failed);
  BOOST_TEST((failed.error().reason == ConnectFailure::unprepared));
  BOOST_TEST(failed.error().why.contains("could not load library \"plpgsql.so\" (58P01)"),
             failed.error().why);
  BOOST_TEST(!failed.error().lasting);
}

BOOST_AUTO_TEST_SUITE_END()
