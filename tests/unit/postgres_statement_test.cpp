// Parameters in Postgres' binary format, the statements themselves, and URLs.

#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "base/limits.h"
#include "postgres/libpq_connection.h"
#include "store/statements.h"
#include "users.h"

using namespace tasklane;
using namespace std::literals;

namespace {

std::string bytes(const Parameters& parameters, std::size_t index) {
  if (parameters.data(index) == nullptr) return "null";
  return {parameters.data(index), static_cast<std::size_t>(parameters.length(index))};
}

std::string value_or_none(const ConnectionKeywords& keywords, std::string_view name) {
  const auto found = std::ranges::find(keywords, name, &ConnectionKeywords::value_type::first);
  return found == keywords.end() ? "(none)" : found->second;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(statement_parameters)

BOOST_AUTO_TEST_CASE(the_user_is_always_the_first) {
  UserParameters parameters(user_named("alice"));
  parameters.integer(7);
  BOOST_TEST(parameters.size() == 2U);
  BOOST_TEST(bytes(parameters, 0) == "alice");
}

BOOST_AUTO_TEST_CASE(texts_are_their_bytes_and_empty_is_not_null) {
  Parameters parameters;
  parameters.text("a\0b"s)
      .text("")
      .optional_text(std::nullopt)
      .optional_text("")
      .null()
      .text("\xF4\x8F\xBF\xBF");
  BOOST_TEST(bytes(parameters, 0) == "a\0b"s);
  BOOST_TEST(bytes(parameters, 1) == "");
  BOOST_TEST(parameters.data(1) != nullptr);
  BOOST_TEST(bytes(parameters, 2) == "null");
  BOOST_TEST(bytes(parameters, 3) == "");
  BOOST_TEST(bytes(parameters, 4) == "null");
  BOOST_TEST(bytes(parameters, 5) == "\xF4\x8F\xBF\xBF");
}

BOOST_AUTO_TEST_CASE(integers_are_eight_bytes_in_network_order) {
  Parameters parameters;
  parameters.integer(1).integer(0x0102030405060708).integer(-1).integer(std::int64_t{1} << 53);
  BOOST_TEST(bytes(parameters, 0) == "\0\0\0\0\0\0\0\1"s);
  BOOST_TEST(bytes(parameters, 1) == "\1\2\3\4\5\6\7\10"s);
  BOOST_TEST(bytes(parameters, 2) == "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
  BOOST_TEST(bytes(parameters, 3) == "\0\x20\0\0\0\0\0\0"s);
}

// Of one dimension, without nulls, of type 20 (int8), from index 1 on.
BOOST_AUTO_TEST_CASE(several_integers_are_an_array) {
  Parameters parameters;
  parameters.integers(std::array<std::int64_t, 2>{1, -1});
  BOOST_TEST(bytes(parameters, 0) ==
             "\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\2\0\0\0\1"
             "\0\0\0\x8\0\0\0\0\0\0\0\1\0\0\0\x8\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
}

BOOST_AUTO_TEST_CASE(booleans_are_one_byte) {
  Parameters parameters;
  parameters.boolean(true).boolean(false).optional_boolean(true).optional_boolean(std::nullopt);
  BOOST_TEST(bytes(parameters, 0) == "\1"s);
  BOOST_TEST(bytes(parameters, 1) == "\0"s);
  BOOST_TEST(bytes(parameters, 2) == "\1"s);
  BOOST_TEST(bytes(parameters, 3) == "null");
}

BOOST_AUTO_TEST_CASE(bytes_are_as_they_are) {
  Parameters parameters;
  parameters.bytes(std::array<std::uint8_t, 3>{0, 255, 7});
  BOOST_TEST(bytes(parameters, 0) == "\0\xFF\7"s);
}

BOOST_AUTO_TEST_CASE(pointers_stay_right_while_parameters_are_added) {
  Parameters parameters;
  const auto text = [](std::size_t i) { return std::string(100, static_cast<char>('a' + i)); };
  for (std::size_t i = 0; i < kParametersMax; ++i) parameters.text(text(i));
  for (std::size_t i = 0; i < kParametersMax; ++i) BOOST_TEST(bytes(parameters, i) == text(i));
  BOOST_CHECK_THROW(parameters.null(), std::out_of_range);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(statement_texts)

// What the constructors check when the program is compiled, seen once more from outside.
BOOST_AUTO_TEST_CASE(every_statement_on_tasks_binds_its_user) {
  for (const Statement* statement : statements::kAll) {
    const std::string_view sql = statement->sql;
    BOOST_TEST(!sql.contains(';'), sql);
    if (!sql.contains("tasks")) continue;
    if (statement == &statements::kMissingRights) {  // names it, and reads nothing
      BOOST_TEST(!sql.contains("FROM"), sql);
      continue;
    }
    BOOST_TEST(binds_user(sql), sql);
    BOOST_TEST(!sql.contains(" OR "), sql);
  }
}

BOOST_AUTO_TEST_CASE(a_statement_that_forgets_the_user_anywhere_is_none) {
  for (const char* sql :
       {"SELECT 1", "SELECT id FROM tasks", "SELECT id FROM tasks WHERE id = $1",
        "SELECT id FROM tasks WHERE user_id = $2", "SELECT id FROM tasks WHERE user_id = $1 OR true",
        "INSERT INTO tasks (title) VALUES ($1, $2)", "INSERT INTO tasks (user_id, title) VALUES ($2, $1)",
        "INSERT INTO tasks (user_id, title) SELECT user_id, $2 FROM idempotency_keys WHERE user_id = $1",
        "WITH a AS (SELECT key FROM idempotency_keys) SELECT id FROM tasks WHERE user_id = $1",
        "WITH a AS (SELECT key FROM idempotency_keys WHERE user_id = $1) UPDATE tasks SET title = $2",
        "WITH a AS (DELETE FROM tasks WHERE user_id = $1) INSERT INTO idempotency_keys (key) SELECT $1, $2"})
    BOOST_TEST(!binds_user(sql), sql);
  BOOST_TEST(
      binds_user("WITH a AS (SELECT key FROM idempotency_keys WHERE user_id = $1 AND key = $2)"
                 " INSERT INTO tasks (user_id, title) SELECT $1, key FROM a"));
}

BOOST_AUTO_TEST_CASE(the_statements_know_the_bounds_of_idempotency_keys) {
  const std::string lifetime =
      fmt::format("interval '{} hours'", std::chrono::hours(limits::kIdempotencyKeyLifetime).count());
  for (const Statement* statement : {static_cast<const Statement*>(&statements::kCreateTaskOnce),
                                     static_cast<const Statement*>(&statements::kCompleteTaskOnce),
                                     static_cast<const Statement*>(&statements::kSweepKeys)}) {
    const std::string_view sql = statement->sql;
    for (auto at = sql.find("interval"); at != std::string_view::npos; at = sql.find("interval", at + 1))
      BOOST_TEST(sql.substr(at).starts_with(lifetime), sql);
    BOOST_TEST(sql.contains(lifetime), sql);
  }
  BOOST_TEST(std::string_view(statements::kSweepKeys.sql)
                 .contains(fmt::format(" LIMIT {})", limits::kKeySweepKeysMax)));
}

BOOST_AUTO_TEST_CASE(reads_may_be_repeated_and_only_they) {
  for (const Statement* statement : statements::kAll) {
    const std::string_view sql = statement->sql;
    const bool selects = sql.substr(sql.find_first_not_of(" \n")).starts_with("SELECT ");
    const bool reads = selects && !sql.contains(" FOR NO KEY UPDATE");
    BOOST_TEST((statement->effect != Effect::write) == reads, statement->sql);
  }
}

// What a statement declares, against its text.
BOOST_AUTO_TEST_CASE(what_locks_a_row_names_it_by_its_first_two_parameters) {
  for (const Statement* statement : statements::kAll) {
    const std::string_view sql = statement->sql;
    const bool changes = sql.contains("UPDATE tasks ") || sql.contains("DELETE FROM tasks ") ||
                         sql.contains("FOR NO KEY UPDATE");
    const bool row = statement->locks == Locks::row || statement->locks == Locks::row_and_key;
    BOOST_TEST(changes == (row || statement->locks == Locks::rows), sql);
    if (statement->locks == Locks::rows) BOOST_TEST(sql.contains("ORDER BY id LIMIT"), sql);
    if (row) BOOST_TEST(sql.contains(" WHERE user_id = $1 AND id = $2"), sql);
    const bool key = statement->locks == Locks::key || statement->locks == Locks::row_and_key;
    BOOST_TEST(sql.contains("INSERT INTO idempotency_keys") == key, sql);
    if (key) BOOST_TEST(sql.contains(statement->locks == Locks::key ? "key = $2" : "key = $3"), sql);
  }
}

BOOST_AUTO_TEST_CASE(every_statement_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (const Statement* statement : statements::kAll) names.insert(statement->name);
  BOOST_TEST(names.size() == statements::kAll.size());
}

// On a server connection that a pooler lends, another release may have prepared its own.
BOOST_AUTO_TEST_CASE(another_text_is_prepared_under_another_name) {
  constexpr SystemStatement kOne{"ping", Effect::read, Locks::nothing, {}, "SELECT 1"};
  constexpr SystemStatement kOther{"ping", Effect::read, Locks::nothing, {}, "SELECT 2"};
  constexpr SystemStatement kSame{"ping", Effect::read, Locks::nothing, {}, "SELECT 1"};
  BOOST_TEST(kOne.prepared_name.c_str() != std::string(kOther.prepared_name.c_str()));
  BOOST_TEST(kOne.prepared_name.c_str() == std::string(kSame.prepared_name.c_str()));
  BOOST_TEST(std::string(kOne.prepared_name.c_str()).starts_with("ping_"));
  BOOST_TEST(std::string(kOne.prepared_name.c_str()).size() == 13U);
  for (const Statement* statement : statements::kAll)
    BOOST_TEST(std::string(statement->prepared_name.c_str()).size() < 64U);  // the server cuts longer ones
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connection_url)

BOOST_AUTO_TEST_CASE(is_split_into_keywords) {
  const auto keywords = parse_connection_url(
      "postgresql://us%40er:p%2Fw@db.example:5433/na%20me?sslmode=verify-full&options=endpoint%3Dx");
  BOOST_REQUIRE(keywords);
  BOOST_TEST(value_or_none(*keywords, "user") == "us@er");
  BOOST_TEST(value_or_none(*keywords, "password") == "p/w");
  BOOST_TEST(value_or_none(*keywords, "host") == "db.example");
  BOOST_TEST(value_or_none(*keywords, "port") == "5433");
  BOOST_TEST(value_or_none(*keywords, "dbname") == "na me");
  BOOST_TEST(value_or_none(*keywords, "sslmode") == "verify-full");
  BOOST_TEST(value_or_none(*keywords, "options") == "endpoint=x");
  BOOST_TEST(value_or_none(*keywords, "hostaddr") == "(none)");
}

// As a cloud's console gives them.
BOOST_AUTO_TEST_CASE(keeps_what_a_provider_asks_for) {
  const auto keywords = parse_connection_url(
      "postgresql://u:p@one.example:5432,two.example:5433/d?sslmode=verify-full&sslrootcert=/etc/ca.pem"
      "&channel_binding=require&target_session_attrs=read-write&sslsni=1");
  BOOST_REQUIRE(keywords);
  for (const auto& [name, value] :
       {std::pair("host", "one.example,two.example"), std::pair("port", "5432,5433"),
        std::pair("sslmode", "verify-full"), std::pair("sslrootcert", "/etc/ca.pem"),
        std::pair("channel_binding", "require"), std::pair("target_session_attrs", "read-write"),
        std::pair("sslsni", "1"), std::pair("options", "(none)")})
    BOOST_TEST(value_or_none(*keywords, name) == value, name);
}

BOOST_AUTO_TEST_CASE(is_refused_when_malformed) {
  for (const char* url : {"postgresql://[::1", "postgresql://h/d?nonsense=1", "postgresql://h/%zz", "no url"})
    BOOST_TEST(!parse_connection_url(url), url);
}

BOOST_AUTO_TEST_SUITE_END()
