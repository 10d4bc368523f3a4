// `tasklane migrate`: order, record, drift, concurrency and failure.

#include "schema/migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <thread>
#include <vector>

#include "../unit/temporary_folder.h"
#include "database.h"

using namespace tasklane;
using Kind = DatabaseError::Kind;

namespace {

// The names of the files in sql/, in order.
std::vector<std::string> file_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TASKLANE_SQL))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

const int kNewest = static_cast<int>(file_names().size());

// The name of a file behind those.
std::string next_file(std::string_view words) {
  return fmt::format("{:04}_{}.sql", kNewest + 1, words);
}

// The sentence of a failure that must be of this kind.
template <class T>
std::string failure(const std::expected<T, DatabaseError>& result, Kind kind) {
  BOOST_REQUIRE(!result);
  BOOST_TEST((result.error().kind == kind), result.error().sentence);
  return result.error().sentence;
}

bool contains(const std::string& text, std::string_view part) {
  BOOST_TEST_MESSAGE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(migrations)

BOOST_AUTO_TEST_CASE(applies_all_files_once_and_records_them) {
  const FreshDatabase database;
  const auto first = migrate(database.url(), TASKLANE_SQL);
  BOOST_REQUIRE_MESSAGE(first, first.error().sentence);
  BOOST_TEST(first->version == kNewest);
  BOOST_TEST(first->applied.size() == file_names().size());
  BOOST_TEST(first->applied.front() == "0001_tasks.sql");
  BOOST_TEST(first->api_role_exists);

  const auto second = migrate(database.url(), TASKLANE_SQL);
  BOOST_REQUIRE(second);
  BOOST_TEST(second->applied.empty());
  BOOST_TEST(second->version == kNewest);
  BOOST_TEST(first->applied == file_names());
  BOOST_TEST(database.value("SELECT string_agg(name, ',' ORDER BY version) FROM tasklane_migrations") ==
             fmt::format("{}", fmt::join(file_names(), ",")));
}

BOOST_AUTO_TEST_CASE(records_the_sha256_of_the_file) {
  const FreshDatabase database;
  const MigrationFolder folder;
  for (const auto& name : file_names()) folder.remove(name);
  folder.write("0001_tasks.sql", "SELECT 1;\n");
  BOOST_REQUIRE(migrate(database.url(), folder.path()));
  BOOST_TEST(
      database.value("SELECT checksum FROM tasklane_migrations") ==  // printf 'SELECT 1;\n' | sha256sum
      "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd");
}

BOOST_AUTO_TEST_CASE(two_hosts_at_once_apply_each_file_once) {
  for (int round = 0; round < 3; ++round) {
    const FreshDatabase database;
    std::array<std::expected<MigrationReport, DatabaseError>, 4> reports;
    {
      std::vector<std::jthread> hosts;
      for (auto& report : reports)
        hosts.emplace_back([&] { report = migrate(database.url(), TASKLANE_SQL); });
    }
    std::size_t applied = 0;
    for (const auto& report : reports) {
      BOOST_REQUIRE_MESSAGE(report, report.error().sentence);
      BOOST_TEST(report->version == kNewest);
      applied += report->applied.size();
    }
    BOOST_TEST(applied == file_names().size());
  }
}

BOOST_AUTO_TEST_CASE(two_databases_of_one_cluster_make_the_role_at_the_same_moment) {
  for (int round = 0; round < 3; ++round) {
    const std::array<FreshDatabase, 3> databases;
    FreshDatabase::drop_api_role();
    std::array<std::expected<MigrationReport, DatabaseError>, 3> reports;
    {
      std::vector<std::jthread> hosts;
      for (std::size_t i = 0; i < databases.size(); ++i)
        hosts.emplace_back([&, i] { reports[i] = migrate(databases[i].url(), TASKLANE_SQL); });
    }
    for (std::size_t i = 0; i < databases.size(); ++i) {
      BOOST_REQUIRE_MESSAGE(reports[i], reports[i].error().sentence);
      BOOST_TEST(reports[i]->api_role_exists);
      BOOST_TEST(databases[i].refusal("SELECT FROM tasks") == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_an_applied_file_that_has_changed_and_names_it) {
  const FreshDatabase database;
  const MigrationFolder folder;
  BOOST_REQUIRE(migrate(database.url(), folder.path()));
  std::ofstream(folder.path() + "/0002_public_keys.sql", std::ios::app) << "\n";
  BOOST_TEST(contains(failure(migrate(database.url(), folder.path()), Kind::permanent),
                      "0002_public_keys.sql has changed since it was applied"));
}

BOOST_AUTO_TEST_CASE(takes_an_earlier_text_of_a_file_that_the_file_names) {
  const FreshDatabase database = FreshDatabase::migrated();
  const auto recorded_as = [&](std::string_view sum) {
    database.run(fmt::format("UPDATE tasklane_migrations SET checksum = '{}' WHERE version = 6", sum));
  };
  recorded_as("3b4803087cb6014fec102b91cfa8985d287436361ac52dd0787595d171c111fb");
  const auto again = migrate(database.url(), TASKLANE_SQL);
  BOOST_REQUIRE_MESSAGE(again, again.error().sentence);
  BOOST_TEST(again->applied.empty());
  for (const char* other :
       {"", "3b4803", "3b4803087cb6014fec102b91cfa8985d287436361ac52dd0787595d171c111fa"}) {
    recorded_as(other);
    BOOST_TEST(contains(failure(migrate(database.url(), TASKLANE_SQL), Kind::permanent),
                        "0006_task_rules.sql has changed since it was applied"));
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_database_newer_than_the_files) {
  const FreshDatabase database;
  const MigrationFolder folder;
  folder.write(next_file("later"), "CREATE TABLE later ();");
  BOOST_REQUIRE(migrate(database.url(), folder.path()));
  const std::string sentence = failure(migrate(database.url(), TASKLANE_SQL), Kind::permanent);
  BOOST_TEST(contains(sentence, "newer"));
  BOOST_TEST(contains(sentence, next_file("later")));
  BOOST_TEST(contains(sentence, file_names().back()));
}

BOOST_AUTO_TEST_CASE(refuses_a_record_with_a_hole) {
  const FreshDatabase database = FreshDatabase::migrated();
  database.run("DELETE FROM tasklane_migrations WHERE version = 2");
  BOOST_TEST(contains(failure(migrate(database.url(), TASKLANE_SQL), Kind::permanent), "lacks version 2"));
}

BOOST_AUTO_TEST_CASE(refuses_folders_it_cannot_order) {
  const FreshDatabase database;
  const auto refused = [&](const MigrationFolder& folder, std::string_view words) {
    return contains(failure(migrate(database.url(), folder.path()), Kind::permanent), words);
  };
  const MigrationFolder gap, twins, misnamed, empty;
  gap.remove("0002_public_keys.sql");
  BOOST_TEST(refused(gap, "migration 0002 is missing before 0003_role.sql"));
  twins.write("0003_other.sql", "");
  BOOST_TEST(refused(twins, "0003_other.sql and 0003_role.sql have the same number"));
  misnamed.write("004_x.sql", "");
  BOOST_TEST(refused(misnamed, "004_x.sql"));
  for (const auto& name : file_names()) empty.remove(name);
  empty.write("README.md", "not a migration");
  BOOST_TEST(refused(empty, "holds no migration"));
  BOOST_TEST(contains(failure(migrate(database.url(), empty.path() + "/absent"), Kind::permanent),
                      "cannot be read"));
  BOOST_TEST(database.value("SELECT to_regclass('tasklane_migrations')") == "NULL");
}

BOOST_AUTO_TEST_CASE(a_file_that_fails_is_undone_and_the_ones_before_it_stay) {
  const FreshDatabase database;
  const MigrationFolder folder;
  folder.write(next_file("broken"), "CREATE TABLE half (); SELECT no_such_function();");
  const std::string sentence = failure(migrate(database.url(), folder.path()), Kind::permanent);
  BOOST_TEST(contains(sentence, next_file("broken")));
  BOOST_TEST(contains(sentence, "no_such_function"));
  BOOST_TEST(database.value("SELECT to_regclass('half')") == "NULL");
  BOOST_TEST(database.value("SELECT max(version) FROM tasklane_migrations") == std::to_string(kNewest));

  folder.write(next_file("broken"), "CREATE TABLE whole ();");
  const auto mended = migrate(database.url(), folder.path());
  BOOST_REQUIRE(mended);
  BOOST_TEST(mended->applied == std::vector<std::string>{next_file("broken")});
}

BOOST_AUTO_TEST_CASE(gives_up_when_another_migration_holds_the_lock_for_long) {
  const FreshDatabase database;
  pqxx::connection other(database.url());
  pqxx::work work(other);
  work.exec("SELECT pg_advisory_xact_lock(x'7461736b6c616e65'::bigint)");
  const std::string sentence =
      failure(migrate(database.url(), TASKLANE_SQL, std::chrono::milliseconds(100)), Kind::temporary);
  BOOST_TEST(contains(sentence, "waiting for another migration"));
}

BOOST_AUTO_TEST_CASE(a_table_that_is_busy_for_long_makes_nobody_wait_for_long) {
  const FreshDatabase database = FreshDatabase::migrated();
  const MigrationFolder folder;
  folder.write(next_file("column"), "ALTER TABLE tasks ADD COLUMN colour text;");
  pqxx::connection other(database.url());
  pqxx::work reader(other);
  reader.exec("SELECT FROM tasks");

  std::expected<MigrationReport, DatabaseError> report;
  std::jthread migrating([&] { report = migrate(database.url(), folder.path()); });
  const auto waits = [&] {
    return database.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tasks'::regclass");
  };
  BOOST_REQUIRE(eventually([&] { return waits() != "0"; }));
  // These queue behind the migration's lock, while it waits for the reader; the worker's own lock timeout
  // would end them.
  for (int i = 0; i < 40; ++i)
    database.run(
        "SET LOCAL ROLE tasklane_api; SET LOCAL lock_timeout = '4s';"
        "INSERT INTO tasks (user_id, title) VALUES ('alice', 'A task')");
  BOOST_TEST(database.value("SELECT count(*) FROM tasks") == "40");
  BOOST_TEST(database.value("SELECT max(version) FROM tasklane_migrations") == std::to_string(kNewest));
  reader.commit();
  migrating.join();
  BOOST_REQUIRE_MESSAGE(report, report.error().sentence);
  BOOST_TEST(report->applied == std::vector<std::string>{next_file("column")});
}

BOOST_AUTO_TEST_CASE(gives_up_on_a_table_that_stays_busy) {
  const FreshDatabase database = FreshDatabase::migrated();
  const MigrationFolder folder;
  folder.write(next_file("column"), "ALTER TABLE tasks ADD COLUMN colour text;");
  pqxx::connection other(database.url());
  pqxx::work reader(other);
  reader.exec("SELECT FROM tasks");
  const std::string sentence =
      failure(migrate(database.url(), folder.path(), std::chrono::milliseconds(600)), Kind::temporary);
  BOOST_TEST(contains(sentence, next_file("column")));
  BOOST_TEST(contains(sentence, "lock timeout"));
}

BOOST_AUTO_TEST_CASE(refuses_a_file_that_would_end_its_transaction_before_anything_runs) {
  const FreshDatabase database;
  for (const char* command : {"COMMIT;", "/* so */ commit ;", "BEGIN;", "START TRANSACTION READ WRITE;",
                              "ROLLBACK\nWORK;", "END"}) {
    const MigrationFolder folder;
    folder.write(next_file("hasty"), fmt::format("CREATE TABLE hasty ();\n{}\n", command));
    const std::string sentence = failure(migrate(database.url(), folder.path()), Kind::permanent);
    BOOST_TEST(contains(sentence, next_file("hasty")));
    BOOST_TEST(database.value("SELECT to_regclass('tasklane_migrations')") == "NULL");
  }
  const MigrationFolder folder;
  folder.write(next_file("block"),
               "SAVEPOINT s;\nDO $$\nBEGIN\nPERFORM 1;\nEND $$;\nROLLBACK TO SAVEPOINT s;\nCREATE TABLE "
               "committed ();");
  BOOST_TEST(migrate(database.url(), folder.path()).has_value());
}

BOOST_AUTO_TEST_CASE(a_files_statements_are_sent_one_by_one) {
  const FreshDatabase database = FreshDatabase::migrated();
  const MigrationFolder folder;
  folder.write(next_file("several"),
               "CREATE TABLE a ();\n-- why\nCREATE TABLE said AS SELECT current_query() AS query;");
  BOOST_TEST(migrate(database.url(), folder.path()).has_value());
  BOOST_TEST(database.value("SELECT query FROM said") ==
             "CREATE TABLE said AS SELECT current_query() AS query");
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_run_in_a_transaction) {
  const FreshDatabase database = FreshDatabase::migrated();
  const MigrationFolder folder;
  folder.write(next_file("index"), "CREATE INDEX CONCURRENTLY later ON tasks (title);");
  const std::string sentence = failure(migrate(database.url(), folder.path()), Kind::permanent);
  BOOST_TEST(contains(sentence, next_file("index")));
  BOOST_TEST(contains(sentence, "cannot run inside a transaction block"));
  BOOST_TEST(database.value("SELECT to_regclass('later')") == "NULL");
}

BOOST_AUTO_TEST_CASE(the_role_that_serves_may_not_migrate_and_is_told_who_may) {
  const FreshDatabase database = FreshDatabase::migrated();
  BOOST_TEST(contains(failure(migrate(database.api_url(), TASKLANE_SQL), Kind::permanent),
                      "give its URL as DATABASE_URL_DIRECT"));
}

BOOST_AUTO_TEST_CASE(tells_unreachable_from_refused_and_never_a_password) {
  const auto check = [](const std::string& url, Kind kind) {
    const std::string sentence = failure(migrate(url, TASKLANE_SQL), kind);
    BOOST_TEST(sentence.find("s3c") == std::string::npos, sentence);
    BOOST_TEST(sentence.find("ret") == std::string::npos, sentence);
  };
  check("postgresql://u:s3cret@127.0.0.1:1/x", Kind::temporary);
  check("postgresql://u:s3cret@host.invalid/x", Kind::temporary);
  for (const char* password : {"s3c@ret", "s3c/ret", "s3c%ret", "s3c%00ret"})
    check(std::string("postgresql://u:") + password + "@127.0.0.1:1/x", Kind::permanent);
  check("postgresql://u:s3cret@127.0.0.1:port/x", Kind::permanent);
  check("postgresql://u@127.0.0.1:1/x?pasword=s3cret", Kind::permanent);

  const FreshDatabase database;
  check(database.url_as("nobody:s3cret"), Kind::permanent);
}

BOOST_AUTO_TEST_CASE(a_read_only_server_is_a_matter_of_time) {
  const FreshDatabase database;
  database.run("ALTER DATABASE " + database.name() + " SET default_transaction_read_only = on");
  failure(migrate(database.url(), TASKLANE_SQL), Kind::temporary);
}

BOOST_AUTO_TEST_CASE(refuses_a_database_that_is_not_utf8) {
  const FreshDatabase database;
  pqxx::connection server(database.url());
  const std::string name = database.name() + "_latin1";
  pqxx::nontransaction(server).exec("CREATE DATABASE " + name +
                                    " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  std::string url = database.url();
  url.replace(url.find(database.name()), database.name().size(), name);
  const auto report = migrate(url, TASKLANE_SQL);
  pqxx::nontransaction(server).exec("DROP DATABASE " + name);
  BOOST_TEST(contains(failure(report, Kind::permanent), "encoding is LATIN1"));
}

BOOST_AUTO_TEST_CASE(comparing_tells_what_is_pending_and_changes_nothing) {
  const FreshDatabase database;
  const auto before = compare_migrations(database.url(), TASKLANE_SQL);
  BOOST_REQUIRE(before);
  BOOST_TEST(before->version == 0);
  BOOST_TEST(before->pending.size() == file_names().size());
  BOOST_TEST(database.value("SELECT to_regclass('tasklane_migrations')") == "NULL");

  BOOST_REQUIRE(migrate(database.url(), TASKLANE_SQL));
  const auto after = compare_migrations(database.url(), TASKLANE_SQL);
  BOOST_REQUIRE(after);
  BOOST_TEST(after->version == kNewest);
  BOOST_TEST(after->pending.empty());
}

BOOST_AUTO_TEST_SUITE_END()
