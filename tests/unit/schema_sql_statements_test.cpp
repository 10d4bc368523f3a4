#include "schema/sql_statements.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

using Statements = std::vector<std::string_view>;

namespace {

void check(std::string_view text, const Statements& expected) {
  const Statements statements = sql_statements(text);
  BOOST_TEST(statements == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_sql_statements)

BOOST_AUTO_TEST_CASE(statements_end_at_semicolons_and_begin_behind_comments) {
  check("", {});
  check(" ;;\n-- nothing; at all\n/* ; */ ;", {});
  check("SELECT 1", {"SELECT 1"});
  check("-- why\nSELECT 1;\n/* a /* nested; */ ; */SELECT 2;", {"SELECT 1", "SELECT 2"});
  check("SELECT 1 -- one; of two\n, 2; SELECT 3/* ; */;",
        {"SELECT 1 -- one; of two\n, 2", "SELECT 3/* ; */"});
}

BOOST_AUTO_TEST_CASE(a_semicolon_in_quotes_ends_nothing) {
  for (const std::string_view quoted :
       {"SELECT ';'", "SELECT 'it''s; one'", R"(SELECT ';\')", R"(SELECT E'\';')", R"(SELECT e'\\', ';')",
        R"(SELECT "a;""b;")", "DO $$ BEGIN; END; $$", "DO $do$ SELECT $$;$$; $do$", "SELECT $x$;$y$;$$;$x$",
        "SELECT a$b, ';$b'", "SELECT name'x;'", "DO $\u00e4$ ; $\u00e4$", "SELECT '--;'", "SELECT '/*;'"}) {
    const std::string text = std::string(quoted) + "; SELECT 2;";
    const auto statements = sql_statements(text);
    BOOST_REQUIRE_MESSAGE(statements.size() == 2, quoted);
    BOOST_TEST(statements[0] == quoted);
    BOOST_TEST(statements[1] == "SELECT 2");
  }
  check("SELECT $1; SELECT $2", {"SELECT $1", "SELECT $2"});
}

BOOST_AUTO_TEST_CASE(what_is_not_closed_reaches_to_the_end) {
  for (const std::string_view open :
       {"SELECT ';", "SELECT E';\\", "SELECT \";", "DO $$ ;", "SELECT 1 /* ;", "$", "/", "-"})
    check(open, {open});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tasklane
