// A database in which another program has a table "tasks" already.

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "database.h"
#include "schema/inspection.h"
#include "schema/migrations.h"

using namespace tasklane;

namespace {

// As a FastAPI backend with SQLAlchemy makes it, with indexes of the same names as ours.
constexpr const char* kForeignTasks =
    "CREATE TABLE tasks (id serial PRIMARY KEY, user_id varchar NOT NULL, title varchar(200) NOT NULL,"
    " description text, completed boolean NOT NULL, created_at timestamp, updated_at timestamp);"
    "CREATE INDEX idx_task_user_id ON tasks (user_id); CREATE INDEX idx_task_completed ON tasks (completed);"
    "INSERT INTO tasks (user_id, title, completed) VALUES ('ada', 'theirs', false)";

}  // namespace

BOOST_AUTO_TEST_SUITE(foreign_tasks_table)

BOOST_AUTO_TEST_CASE(another_programs_tasks_are_left_alone_and_both_ways_on_lead_there) {
  const FreshDatabase database;
  database.run(kForeignTasks);
  const auto refused = migrate(database.url(), TASKLANE_SQL);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().kind == DatabaseError::Kind::permanent));
  BOOST_TEST(refused.error().sentence == foreign_tasks("public"));
  BOOST_TEST(refused.error().sentence.contains("ALTER TABLE public.tasks SET SCHEMA before"));
  BOOST_TEST(refused.error().sentence.contains("SET search_path = tasklane"));
  BOOST_TEST(database.value("SELECT title FROM tasks") == "theirs");
  BOOST_TEST(database.value("SELECT to_regclass('tasklane_migrations')") == "NULL");

  database.run("CREATE SCHEMA before; ALTER TABLE public.tasks SET SCHEMA before");
  BOOST_REQUIRE(migrate(database.url(), TASKLANE_SQL));
  BOOST_TEST(database.value("SELECT count(*) FROM tasks") == "0");
  BOOST_TEST(database.value("SELECT title FROM before.tasks") == "theirs");

  const FreshDatabase shared;
  shared.run(kForeignTasks);
  const FreshRole owner(shared, "tasklane_owner", "LOGIN SUPERUSER");
  shared.run("CREATE SCHEMA tasklane; ALTER ROLE tasklane_owner IN DATABASE " + shared.name() +
             " SET search_path = tasklane");
  BOOST_REQUIRE(migrate(shared.url_as("tasklane_owner"), TASKLANE_SQL));
  BOOST_TEST(shared.value("SELECT count(*) FROM tasklane.tasks") == "0");
  BOOST_TEST(shared.value("SELECT title FROM public.tasks") == "theirs");
  BOOST_TEST(shared.refusal("SELECT user_id FROM tasklane.tasks") == "");
}

BOOST_AUTO_TEST_CASE(a_check_tells_the_ways_on_instead_of_missing_rights) {
  const FreshDatabase database;
  database.run(kForeignTasks);
  const auto findings = inspect({.url = database.url(),
                                 .direct_url = database.url(),
                                 .sql_folder = TASKLANE_SQL,
                                 .keys_table = "",
                                 .workers = 1,
                                 .connections = 2});
  BOOST_REQUIRE(findings);
  const auto says = [&](std::string_view words) {
    return std::ranges::any_of(*findings, [&](const Finding& finding) {
      return finding.level == Finding::Level::bad && finding.sentence.contains(words);
    });
  };
  BOOST_TEST(says(foreign_tasks("public")));
  BOOST_TEST(!says("tasklane_grant"));
}

BOOST_AUTO_TEST_SUITE_END()
