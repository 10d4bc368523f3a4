// The table refuses by itself what the API's contract refuses.

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <pqxx/transaction>

#include "database.h"
#include "store/statements.h"

using namespace tasklane;

namespace {

// Unicode's White_Space property, PropList.txt.
constexpr std::array<unsigned, 25> kWhiteSpace = {
    0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
    0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};

std::string insert(const std::string& columns, const std::string& values) {
  return fmt::format("INSERT INTO tasks ({}) VALUES ({}) RETURNING id", columns, values);
}

struct Fixture {
  FreshDatabase database = FreshDatabase::migrated();

  // As the owner, whom only the constraints bind.
  bool breaks(const std::string& constraint, const std::string& columns, const std::string& values) {
    const std::string said = database.refusal(insert(columns, values), "");
    BOOST_TEST_MESSAGE(values << ": " << said);
    return said.find(constraint) != std::string::npos;
  }
  bool takes(const std::string& columns, const std::string& values) {
    const std::string said = database.refusal(insert(columns, values), "");
    BOOST_TEST_MESSAGE(values << ": " << said);
    return said.empty();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(schema, Fixture)

BOOST_AUTO_TEST_CASE(a_user_id_has_1_to_255_characters) {
  BOOST_TEST(breaks("tasks_user_id_length", "user_id, title", "'', 't'"));
  BOOST_TEST(takes("user_id, title", "repeat('é', 255), 't'"));
  BOOST_TEST(breaks("tasks_user_id_length", "user_id, title", "repeat('é', 256), 't'"));
  BOOST_TEST(breaks("user_id", "title", "'t'"));
}

BOOST_AUTO_TEST_CASE(a_title_has_1_to_200_characters) {
  BOOST_TEST(breaks("tasks_title_length", "user_id, title", "'u', ''"));
  BOOST_TEST(takes("user_id, title", "'u', repeat('😀', 200)"));
  BOOST_TEST(breaks("tasks_title_length", "user_id, title", "'u', repeat('😀', 201)"));
  BOOST_TEST(breaks("title", "user_id", "'u'"));
}

BOOST_AUTO_TEST_CASE(a_title_has_no_unicode_white_space_at_its_ends) {
  for (const unsigned code : kWhiteSpace) {
    BOOST_TEST(breaks("tasks_title_trimmed", "user_id, title", fmt::format("'u', chr({}) || 'x'", code)),
               code);
    BOOST_TEST(breaks("tasks_title_trimmed", "user_id, title", fmt::format("'u', 'x' || chr({})", code)),
               code);
    BOOST_TEST(takes("user_id, title", fmt::format("'u', 'x' || chr({}) || 'y'", code)), code);
  }
  // Look like white space and are none: U+180E, U+200B, U+2060, U+FEFF.
  for (const unsigned code : {0x180EU, 0x200BU, 0x2060U, 0xFEFFU})
    BOOST_TEST(takes("user_id, title", fmt::format("'u', chr({0}) || 'x' || chr({0})", code)), code);
}

BOOST_AUTO_TEST_CASE(a_description_is_null_or_has_at_most_10000_characters) {
  BOOST_TEST(takes("user_id, title, description", "'u', 't', NULL"));
  BOOST_TEST(takes("user_id, title, description", "'u', 't', ''"));
  BOOST_TEST(takes("user_id, title, description", "'u', 't', repeat('é', 10000)"));
  BOOST_TEST(
      breaks("tasks_description_length", "user_id, title, description", "'u', 't', repeat('é', 10001)"));
}

BOOST_AUTO_TEST_CASE(an_id_is_an_integer_that_json_carries_exactly) {
  BOOST_TEST(breaks("tasks_id_range", "id, user_id, title", "0, 'u', 't'"));
  BOOST_TEST(takes("id, user_id, title", "9007199254740991, 'u', 't'"));
  BOOST_TEST(breaks("tasks_id_range", "id, user_id, title", "9007199254740992, 'u', 't'"));
  BOOST_TEST(database.value("SELECT seqmax FROM pg_sequence") == "9007199254740991");
}

BOOST_AUTO_TEST_CASE(a_version_begins_at_1_and_every_change_adds_to_it) {
  BOOST_TEST(breaks("tasks_version_range", "user_id, title, version", "'u', 't', 0"));
  BOOST_TEST(breaks("null value", "user_id, title, version", "'u', 't', NULL"));
  database.run("INSERT INTO tasks (user_id, title) VALUES ('u', 't')");
  BOOST_TEST(database.value("SELECT version FROM tasks") == "1");
  BOOST_TEST(database.value("UPDATE tasks SET title = 'x' RETURNING version") == "2");
  BOOST_TEST(database.value("UPDATE tasks SET version = version + 1 RETURNING version") == "3");
}

// RFC 3339 has four digits for a year, and no word for infinity.
BOOST_AUTO_TEST_CASE(a_time_is_within_the_years_1_to_9999) {
  for (const std::string column : {"created_at", "updated_at"}) {
    for (const char* time : {"0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"})
      BOOST_TEST(takes("user_id, title, " + column, fmt::format("'u', 't', '{}'", time)), time);
    for (const char* time :
         {"infinity", "-infinity", "0001-12-31 23:59:59.999999+00 BC", "10000-01-01 00:00:00+00"})
      BOOST_TEST(breaks("tasks_" + column + "_range", "user_id, title, " + column,
                        fmt::format("'u', 't', '{}'", time)),
                 time);
  }
}

BOOST_AUTO_TEST_CASE(the_times_of_a_kept_answer_are_within_them_too) {
  for (const char* time :
       {"infinity", "-infinity", "0001-12-31 23:59:59.999999+00 BC", "10000-01-01 00:00:00+00"}) {
    for (const char* values : {"'{}', now()", "now(), '{}'"}) {
      const std::string said = database.refusal(
          "INSERT INTO idempotency_keys (user_id, key, fingerprint, id, title, completed, created_at, "
          "updated_at)"
          " VALUES ('u', 'k', sha256(''), 1, 't', false, " +
              fmt::format(fmt::runtime(values), time) + ")",
          "");
      BOOST_TEST(said.contains("idempotency_keys_times"), said);
    }
  }
}

// By one short constraint: Postgres reads it anew for each statement.
BOOST_AUTO_TEST_CASE(the_rules_hold_for_changes_and_for_the_rows_of_before) {
  database.run("INSERT INTO tasks (user_id, title) VALUES ('u', 't')");
  BOOST_TEST(database.refusal("UPDATE tasks SET title = ' t'", "").contains("tasks_title_trimmed"));
  BOOST_TEST(database.value("SELECT string_agg(conname || ' ' || convalidated, ',') FROM pg_constraint"
                            " WHERE conrelid = 'tasks'::regclass AND contype = 'c'") == "tasks_rules true");
  BOOST_TEST(database.value("SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == "0");
}

BOOST_AUTO_TEST_CASE(no_session_can_put_functions_of_its_own_before_the_rules) {
  database.run(
      "CREATE SCHEMA mine; CREATE FUNCTION mine.btrim(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1'");
  const std::string said = database.refusal(
      "SET LOCAL search_path = mine, pg_catalog, public; INSERT INTO tasks (user_id, title) VALUES ('u', ' "
      "t')",
      "");
  BOOST_TEST(said.contains("tasks_title_trimmed"), said);
}

BOOST_AUTO_TEST_CASE(completed_and_the_times_are_never_null) {
  for (const char* column : {"completed", "created_at", "updated_at"})
    BOOST_TEST(breaks("null value", std::string("user_id, title, ") + column, "'u', 't', NULL"), column);
}

BOOST_AUTO_TEST_CASE(a_new_task_is_open_and_was_updated_when_it_was_created) {
  database.run("INSERT INTO tasks (user_id, title) VALUES ('u', 't')");
  BOOST_TEST(database.value("SELECT id = 1 AND NOT completed AND created_at = updated_at FROM tasks") == "t");
}

BOOST_AUTO_TEST_CASE(each_statement_finds_its_index) {
  database.run(
      "INSERT INTO tasks (user_id, title) SELECT 'u' || n % 100, 't' FROM generate_series(1, 5000) AS n;"
      "INSERT INTO idempotency_keys (user_id, key, fingerprint, id, title, completed, created_at, updated_at)"
      " SELECT 'u' || n % 100, 'k' || n, sha256(''), 1, 't', false, now(), now() FROM generate_series(1, "
      "5000) AS n;"
      "ANALYZE tasks, idempotency_keys");
  pqxx::connection connection(database.url());
  pqxx::work work(connection);
  const auto plan = [&](const std::string& statement) {
    std::string text;
    for (const auto& row : work.exec("EXPLAIN " + statement)) text += std::string(row[0].c_str()) + "\n";
    return text;
  };
  work.exec("SET LOCAL plan_cache_mode = force_generic_plan");
  for (const Statement* statement : statements::kAll) {
    // Functions read the keys, from another's table; their rights are asked for when that has failed.
    if (std::string_view(statement->name).contains("key") && statement->effect == Effect::read) continue;
    work.exec(std::string("PREPARE it AS ") + statement->sql);
    const auto known = work.exec("SELECT cardinality(parameter_types) FROM pg_prepared_statements");
    std::string values;
    for (int left = known[0][0].as<int>(); left > 0; --left) values += left > 1 ? "NULL, " : "NULL";
    const std::string text = plan(values.empty() ? "EXECUTE it" : "EXECUTE it(" + values + ")");
    BOOST_TEST(!text.contains("Seq Scan"), statement->name << ":\n" << text);
    work.exec("DEALLOCATE it");
  }
  // The order is the index's own.
  const std::string list =
      plan("SELECT * FROM tasks WHERE user_id = 'u7' ORDER BY created_at DESC, id DESC LIMIT 3");
  BOOST_TEST(list.find("idx_task_user_id") != std::string::npos, list);
  BOOST_TEST(list.find("Sort") == std::string::npos, list);
  const std::string by_status = plan(
      "SELECT * FROM tasks WHERE user_id = 'u7' AND completed = false ORDER BY created_at DESC, id DESC "
      "LIMIT 3");
  BOOST_TEST(by_status.find("Sort") == std::string::npos, by_status);
  const std::string one = plan("SELECT * FROM tasks WHERE user_id = 'u7' AND id = 7");
  BOOST_TEST(one.find("tasks_pkey") != std::string::npos, one);
}

// As the server describes them.
BOOST_AUTO_TEST_CASE(a_statement_returns_the_columns_that_it_declares) {
  const auto oid = [](Column::Type type) {
    constexpr Oid kTypes[] = {25, 20, 16, 1184};  // pg_type.dat
    return kTypes[static_cast<std::size_t>(type)];
  };
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(database.url().c_str()),
                                                                PQfinish);
  for (const Statement* statement : statements::kAll) {
    std::string declared, returned;
    for (const Column& column : statement->columns)
      declared += fmt::format("{} {} ", column.name, oid(column.type));
    using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;
    const Answer prepared(PQprepare(connection.get(), statement->name, statement->sql, 0, nullptr), PQclear);
    const Answer answer(PQdescribePrepared(connection.get(), statement->name), PQclear);
    BOOST_TEST(PQresultStatus(answer.get()) == PGRES_COMMAND_OK, PQerrorMessage(connection.get()));
    for (int place = 0; place < PQnfields(answer.get()); ++place)
      returned += fmt::format("{} {} ", PQfname(answer.get(), place), PQftype(answer.get(), place));
    BOOST_TEST(returned == declared, statement->name << " returns " << returned);
  }
}

BOOST_AUTO_TEST_CASE(an_idempotency_key_is_visible_ascii_with_an_answer) {
  const auto keeps = [&](const std::string& key, const std::string& fingerprint = "sha256('')") {
    return database.refusal(
        fmt::format("INSERT INTO idempotency_keys (user_id, key, fingerprint, id, title, completed,"
                    " created_at, updated_at) VALUES ('u', {}, {}, 1, 't', false, now(), now())",
                    key, fingerprint),
        "");
  };
  for (const char* key : {"'k'", "repeat('k', 255)", "'!#$%&()*+-./:;<=>?@[]^_`{|}~'"})
    BOOST_TEST(keeps(key) == "", key);
  for (const char* key :
       {"''", "repeat('k', 256)", "'a b'", "'a,b'", "'a\"b'", "'a\\b'", "E'a\\n'", "E'\\x7f'", "'é'"})
    BOOST_TEST(keeps(key).find("idempotency_keys_key_form") != std::string::npos, key);
  BOOST_TEST(keeps("'k'", "'x'").find("idempotency_keys_fingerprint_length") != std::string::npos);
}

// Dead rows, new rows and changes that autovacuum waits for.
BOOST_AUTO_TEST_CASE(a_table_of_a_billion_rows_is_vacuumed_by_the_ten_million) {
  for (const std::string table : {"tasks", "idempotency_keys"}) {
    for (const std::string what : {"vacuum", "vacuum_insert", "analyze"}) {
      const auto option = [&](const std::string& name) {
        return fmt::format(
            "(SELECT option_value::numeric FROM pg_class, pg_options_to_table(reloptions)"
            " WHERE oid = '{}'::regclass AND option_name = 'autovacuum_{}_{}')",
            table, what, name);
      };
      const auto waits_for = [&](std::string_view rows) {
        return database.value(
            fmt::format("SELECT ({} + {} * {})::bigint", option("threshold"), option("scale_factor"), rows));
      };
      BOOST_TEST(waits_for("0") == "1000", table + " " + what);
      BOOST_TEST(waits_for("1e9") == "10001000", table + " " + what);
    }
  }
}

BOOST_AUTO_TEST_CASE(each_index_says_which_statement_it_serves) {
  BOOST_TEST(database.value("SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_index"
                            " JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 'tasks'::regclass"
                            " AND obj_description(c.oid, 'pg_class') LIKE '%SELECT%'") ==
             "idx_task_completed,idx_task_user_completed,idx_task_user_id,tasks_pkey");
}

BOOST_AUTO_TEST_SUITE_END()
