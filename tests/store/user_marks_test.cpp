// Users' marks in the database: who may set them, in which order they come, and that nothing of a deleted
// user is stored, whatever is under way.

#include <boost/test/unit_test.hpp>
#include <future>

#include "pool_fixture.h"
#include "schema/user_records.h"
#include "store/pg_mark_source.h"

using namespace tasklane;

namespace {

constexpr char kKey[] =
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, id, title, completed, created_at, updated_at)"
    " VALUES ('u', 'k', sha256(''), 1, 't', false, now(), now())";
constexpr char kTask[] = "INSERT INTO tasks (user_id, title) VALUES ('u', 't')";

void make_better_auth(const FreshDatabase& database) {
  database.run(R"(CREATE TABLE jwks (id text, "publicKey" text);
                  CREATE TABLE "user" (id text PRIMARY KEY, email text);
                  INSERT INTO "user" VALUES ('u', 'u@example.com'), ('v', 'v@example.com'))");
}

bool denied(const FreshDatabase& database, const std::string& sql, const std::string& role) {
  const std::string said = database.refusal(sql, role);
  BOOST_TEST_MESSAGE(sql << ": " << said);
  return said.starts_with("permission denied") || said.starts_with("must be ");
}

std::string rows_of(const FreshDatabase& database, const std::string& user) {
  return database.value("SELECT (SELECT count(*) FROM tasks WHERE user_id = '" + user +
                        "') + (SELECT count(*) FROM idempotency_keys WHERE user_id = '" + user + "')");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(user_marks)

BOOST_AUTO_TEST_CASE(the_web_app_s_role_deletes_a_user_and_reads_no_task) {
  const auto database = FreshDatabase::migrated();
  database.run(kTask);
  const FreshRole web(database, "tasklane_some_web", "LOGIN");
  BOOST_TEST(denied(database, "SELECT tasklane_delete_user('u')", "tasklane_some_web"));
  database.run("CALL tasklane_grant_auth('tasklane_some_web')");
  BOOST_TEST(database.refusal("SELECT tasklane_delete_user('u')", "tasklane_some_web") == "");
  for (const char* sql :
       {"SELECT * FROM tasks", "SELECT count(*) FROM tasks", "DELETE FROM tasks",
        "SELECT * FROM idempotency_keys", "SELECT * FROM user_marks", kTask,
        "SELECT tasklane_mark_user('u', 'block')", "SELECT tasklane_mark_user('u', 'unblock')",
        "CALL tasklane_grant_auth('tasklane_some_web')"})
    BOOST_TEST(denied(database, sql, "tasklane_some_web"), sql);
}

BOOST_AUTO_TEST_CASE(the_role_that_serves_reads_marks_and_sets_none) {
  const auto database = FreshDatabase::migrated();
  BOOST_TEST(database.refusal("SELECT user_id, change FROM user_marks WHERE change > 0") == "");
  for (const char* sql :
       {"INSERT INTO user_marks (user_id, change) VALUES ('u', 1)", "UPDATE user_marks SET blocked_at = NULL",
        "DELETE FROM user_marks", "TRUNCATE user_marks", "SELECT tasklane_mark_user('u', 'unblock')",
        "SELECT tasklane_delete_user('u')", "ALTER TABLE tasks DISABLE TRIGGER tasks_refuse_deleted",
        "CALL tasklane_watch_users('tasks')"})
    BOOST_TEST(denied(database, sql, "tasklane_api"), sql);
}

BOOST_AUTO_TEST_CASE(marks_change_in_order_and_only_when_they_do) {
  const auto database = FreshDatabase::migrated();
  const auto mark = [&](const std::string& user, std::string_view act) {
    return mark_user(database.url(), user, act).value();
  };
  BOOST_TEST(!mark("u", "unblock"));
  BOOST_TEST(mark("u", "block"));
  BOOST_TEST(!mark("u", "block"));
  database.run("CREATE TABLE earlier AS TABLE user_marks");
  BOOST_TEST(mark("v", "sign_out"));
  BOOST_TEST(mark("v", "sign_out"), "the time is a later one");
  BOOST_TEST(mark("u", "unblock"));
  BOOST_TEST(database.value("SELECT string_agg(user_id, ' ' ORDER BY change) FROM user_marks") == "v u");
  BOOST_TEST(
      database.value("SELECT min(mark.change) > (SELECT max(change) FROM earlier) FROM user_marks AS mark") ==
      "t");
  BOOST_REQUIRE(delete_user(database.url(), "u"));
  BOOST_TEST(!mark("u", "unblock"), "a deleted user stays so");
  BOOST_TEST(!mark_user(database.url(), "u", "bless"));
}

// Whoever reads up to a number misses nothing before it: a change waits for the one under way.
BOOST_AUTO_TEST_CASE(a_change_is_not_seen_before_an_earlier_one) {
  const auto database = FreshDatabase::migrated();
  auto later = std::future<bool>();
  {
    pqxx::connection connection(database.url());
    pqxx::work work(connection);
    work.exec("SELECT tasklane_mark_user('first', 'block')");
    later =
        std::async(std::launch::async, [&] { return mark_user(database.url(), "second", "block").value(); });
    const auto give_up = Clock::now() + kTestPatience;
    while (database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "0")
      BOOST_REQUIRE(Clock::now() < give_up);
    BOOST_TEST(database.value("SELECT count(*) FROM user_marks") == "0");
    work.commit();
  }
  BOOST_TEST(later.get());
  BOOST_TEST(database.value("SELECT string_agg(user_id, ' ' ORDER BY change) FROM user_marks") ==
             "first second");
}

BOOST_AUTO_TEST_CASE(nothing_of_a_deleted_user_is_stored) {
  const auto database = FreshDatabase::migrated();
  database.run(std::string(kTask) + ";" + kTask + ";" + kKey);
  BOOST_TEST(delete_user(database.url(), "u").value() == 2);
  database.run(std::string(kTask) + ";" + kKey);
  BOOST_TEST(rows_of(database, "u") == "0");
  BOOST_TEST(delete_user(database.url(), "u").value() == 0, "once more does no harm");
}

// One place of 64: every other user's writes go on.
BOOST_AUTO_TEST_CASE(a_deletion_waits_for_what_is_under_way_and_takes_it_along) {
  const auto database = FreshDatabase::migrated();
  pqxx::connection connection(database.url());
  pqxx::work work(connection);
  work.exec(kTask);
  work.exec(kKey);
  auto deletion = std::async(std::launch::async, [&] { return delete_user(database.url(), "u"); });
  const auto give_up = Clock::now() + kTestPatience;
  while (database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "0")
    BOOST_REQUIRE(Clock::now() < give_up);
  database.run("INSERT INTO tasks (user_id, title) VALUES ('another', 't')");
  work.commit();
  BOOST_TEST(deletion.get().value() == 1);
  BOOST_TEST(rows_of(database, "u") == "0");
}

// The other has a row, and waits for the place; the deletion has the place, and waits for the row.
BOOST_AUTO_TEST_CASE(a_deletion_that_crosses_a_write_cancels_nobody) {
  const auto database = FreshDatabase::migrated();
  database.run(kTask);
  pqxx::connection connection(database.url());
  pqxx::work work(connection);
  work.exec("UPDATE tasks SET title = 'x' WHERE user_id = 'u'");
  auto deletion = std::async(std::launch::async, [&] { return delete_user(database.url(), "u"); });
  const auto give_up = Clock::now() + kTestPatience;
  while (database.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0")
    BOOST_REQUIRE(Clock::now() < give_up);
  work.exec(kTask);
  work.commit();
  BOOST_TEST(deletion.get().value() == 2);
  BOOST_TEST(rows_of(database, "u") == "0");
}

BOOST_AUTO_TEST_CASE(who_is_deleted_in_better_auth_s_table_is_deleted_here_in_the_same_transaction) {
  const auto database = FreshDatabase::migrated();
  BOOST_TEST(!watch_users(database.url(), "jwks").value());
  make_better_auth(database);
  BOOST_TEST(watch_users(database.url(), "jwks").value());
  BOOST_TEST(watch_users(database.url(), "jwks").value(), "twice does no harm");
  database.run(kTask);
  {
    pqxx::connection connection(database.url());
    pqxx::work work(connection);
    work.exec(R"(DELETE FROM "user" WHERE id = 'u')");
    work.abort();
  }
  BOOST_TEST(rows_of(database, "u") == "1");
  database.run(R"(DELETE FROM "user" WHERE id = 'u')");
  BOOST_TEST(rows_of(database, "u") == "0");
  BOOST_TEST(database.value("SELECT user_id FROM user_marks WHERE deleted_at IS NOT NULL") == "u");
}

BOOST_AUTO_TEST_CASE(orphans_are_found) {
  const auto database = FreshDatabase::migrated();
  database.run(std::string(kTask) +
               "; INSERT INTO tasks (user_id, title) VALUES ('gone', 't'), ('gone', 't')");
  BOOST_TEST(find_orphans(database.url(), "jwks", 10).value().unknown.empty());
  make_better_auth(database);
  auto orphans = find_orphans(database.url(), "jwks", 10).value();
  BOOST_TEST(orphans.unknown == std::vector<std::string>{"gone"}, boost::test_tools::per_element());
  BOOST_TEST(orphans.deleted.empty());
  BOOST_TEST(!orphans.watched);
  database.run("ALTER TABLE tasks DISABLE TRIGGER tasks_refuse_deleted");
  BOOST_REQUIRE(delete_user(database.url(), "u"));
  database.run(kTask);
  BOOST_REQUIRE(watch_users(database.url(), "jwks"));
  orphans = find_orphans(database.url(), "jwks", 10).value();
  BOOST_TEST(orphans.deleted == std::vector<std::string>{"u"}, boost::test_tools::per_element());
  BOOST_TEST(orphans.watched);
}

BOOST_AUTO_TEST_CASE(users_are_listed_looked_at_and_exported) {
  const auto database = FreshDatabase::migrated();
  database.run(
      "INSERT INTO tasks (user_id, title, description) VALUES ('u', 'one', 'd'), ('w', 'x', NULL),"
      " ('u', 'two \"quoted\"', NULL)");
  BOOST_REQUIRE(mark_user(database.url(), "v", "block"));
  const auto all = list_users(database.url(), "", 10).value();
  BOOST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all[0].id == "u");
  BOOST_TEST(all[0].tasks == 2);
  BOOST_TEST(all[0].bytes == 16);
  BOOST_TEST(!all[1].blocked_at.empty());
  BOOST_TEST(list_users(database.url(), "u", 1).value().at(0).id == "v");
  BOOST_TEST(heaviest_users(database.url(), 1).value().at(0).id == "u");
  BOOST_TEST(!look_at_user(database.url(), "nobody").value().is_known());
  std::string exported;
  BOOST_REQUIRE(export_tasks(database.url(), "u", [&](std::string_view task) { exported += task; }));
  BOOST_TEST(exported.contains(R"("title" : "two \"quoted\"")"));
  BOOST_TEST(!exported.contains(R"("w")"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(user_marks_source, OwnPoolFixture)

BOOST_AUTO_TEST_CASE(a_worker_reads_what_has_changed) {
  connect();
  PgMarkSource source(*pool);
  BOOST_TEST(run(source.changed_since(0)).value().empty());
  BOOST_REQUIRE(mark_user(database.url(), "u", "block"));
  BOOST_REQUIRE(mark_user(database.url(), "v", "sign_out"));
  BOOST_REQUIRE(delete_user(database.url(), "w"));
  const auto marks = run(source.changed_since(0)).value();
  BOOST_REQUIRE(marks.size() == 3U);
  BOOST_TEST(marks[0].user == "u");
  BOOST_TEST(marks[0].blocked);
  BOOST_TEST(marks[0].signed_out_at == VerifiedToken::kNotSaid);
  BOOST_TEST(marks[1].signed_out_at > 1.7e9);
  BOOST_TEST(marks[2].deleted);
  BOOST_TEST(run(source.changed_since(marks[1].change)).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_deleted_user_s_creation_makes_no_task) {
  connect();
  BOOST_REQUIRE(delete_user(database.url(), user.value()));
  BOOST_TEST(run(create("t")).value().rows.empty());
  BOOST_TEST(count("t") == "0");
}

BOOST_AUTO_TEST_SUITE_END()
