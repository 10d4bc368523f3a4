// A worker's statements as `tasklane check --db` tries them.

#include "cli/write_inspection.h"

#include <boost/test/unit_test.hpp>

#include "database.h"

using namespace tasklane;
using Level = Finding::Level;

namespace {

// The sentence of what must be bad.
std::string trouble(const FreshDatabase& database) {
  const Finding finding = inspect_writes(database.api_url());
  BOOST_TEST((finding.level == Level::bad));
  BOOST_TEST_MESSAGE(finding.sentence);
  return finding.sentence;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(write_inspection)

BOOST_AUTO_TEST_CASE(what_is_tried_is_undone) {
  const auto database = FreshDatabase::migrated();
  const Finding finding = inspect_writes(database.api_url());
  BOOST_TEST((finding.level == Level::good), finding.sentence);
  BOOST_TEST(database.value("SELECT count(*) FROM tasks") == "0");
  BOOST_TEST(database.value("SELECT count(*) FROM idempotency_keys") == "0");
}

// The tables' rights say that some column can be written.
BOOST_AUTO_TEST_CASE(a_right_that_one_statement_lacks_is_told_with_its_name) {
  const auto database = FreshDatabase::migrated();
  database.run("REVOKE UPDATE (description) ON tasks FROM tasklane_api");
  BOOST_TEST(trouble(database).contains("update_task: permission denied for table tasks"));
  database.run("REVOKE INSERT (fingerprint) ON idempotency_keys FROM tasklane_api");
  BOOST_TEST(trouble(database).contains("create_task_once: permission denied for table idempotency_keys"));
}

// Distributed engines keep users on nodes, and one of these may refuse.
BOOST_AUTO_TEST_CASE(what_some_users_would_meet_is_told) {
  const auto database = FreshDatabase::migrated();
  database.run(R"(
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'connection to the remote node 192.0.2.7:5432 failed' USING ERRCODE = '08006'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON tasks FOR EACH ROW WHEN (hashtext(NEW.user_id) % 8 = 0)
      EXECUTE FUNCTION refuse())");
  BOOST_TEST(trouble(database).contains("create_task: connection to the remote node 192.0.2.7:5432 failed"));
}

// Which decide how statements are planned, too.
BOOST_AUTO_TEST_CASE(the_role_s_settings_are_in_force) {
  const auto database = FreshDatabase::migrated();
  database.run("ALTER ROLE tasklane_api IN DATABASE " + database.name() +
               " SET default_transaction_read_only = on");
  BOOST_TEST(trouble(database).contains("in a read-only transaction"));
}

BOOST_AUTO_TEST_SUITE_END()
