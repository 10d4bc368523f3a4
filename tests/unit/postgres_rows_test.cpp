// Values of an answer in Postgres' binary format, and the tasks they make.

#include <libpq-fe.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "postgres/pg_task_store.h"

using namespace tasklane;
using namespace std::literals;

namespace {

using Row = std::vector<std::optional<std::string>>;

Rows rows_of(const std::vector<Row>& rows) {
  PGresult* result = PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK);
  std::array<char, 2> name = {'c', '\0'};
  std::vector<PGresAttDesc> columns(rows.front().size());
  for (PGresAttDesc& column : columns) column.name = name.data();
  PQsetResultAttrs(result, static_cast<int>(columns.size()), columns.data());
  for (int row = 0; const Row& values : rows) {
    for (int column = 0; std::optional<std::string> value : values) {
      char* const bytes = value ? value->data() : nullptr;
      PQsetvalue(result, row, column++, bytes, value ? static_cast<int>(value->size()) : -1);
    }
    ++row;
  }
  return Rows({result, [](const PGresult* made) { PQclear(const_cast<PGresult*>(made)); }});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rows)

BOOST_AUTO_TEST_CASE(integers_are_eight_bytes_the_most_significant_first) {
  const Rows rows = rows_of({{"\x01\x02\x03\x04\x05\x06\x07\x08"s}, {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"s}});
  BOOST_TEST(rows.integer(0, 0) == 0x0102030405060708);
  BOOST_TEST(rows.integer(1, 0) == -2);
}

BOOST_AUTO_TEST_CASE(a_null_is_no_text_and_neither_number_nor_true) {
  const Rows rows = rows_of({{std::nullopt, ""s, "\1"s, "\0"s}});
  BOOST_TEST(!rows.optional_text(0, 0));
  BOOST_TEST((rows.optional_text(0, 1) == ""sv));
  BOOST_TEST(rows.integer(0, 0) == 0);
  BOOST_TEST(!rows.boolean(0, 0));
  BOOST_TEST(rows.boolean(0, 2));
  BOOST_TEST(!rows.boolean(0, 3));
}

BOOST_AUTO_TEST_CASE(a_row_becomes_a_task_whose_texts_outlive_the_rows) {
  const std::string time = "\0\0\0\0\0\0\0\1"s;  // a microsecond past the year 2000
  const Tasks tasks = read_tasks(rows_of({{"\0\0\0\0\0\0\0\7"s, "Title"s, "Text"s, "\1"s, time, time},
                                          {"\0\0\0\0\0\0\0\6"s, "Other"s, std::nullopt, "\0"s, time, time}}));
  BOOST_TEST_REQUIRE(tasks.rows.size() == 2U);
  const Task& first = tasks.rows.front();
  BOOST_TEST(first.id == 7);
  BOOST_TEST(first.title == "Title");
  BOOST_TEST((first.description == "Text"sv));
  BOOST_TEST(first.completed);
  BOOST_TEST(first.created_at == 946'684'800'000'001);
  BOOST_TEST(first.updated_at == first.created_at);
  BOOST_TEST(!tasks.rows.back().description);
  BOOST_TEST(!tasks.rows.back().completed);
}

BOOST_AUTO_TEST_SUITE_END()
