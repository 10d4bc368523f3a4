// Values of an answer in Postgres' binary format, and the tasks they make.

#include <libpq-fe.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

#include "store/pg_task_store.h"
#include "tasks/task_json.h"

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
  BOOST_TEST((rows.integer(0, 0) == 0x0102030405060708));
  BOOST_TEST((rows.integer(1, 0) == -2));
}

BOOST_AUTO_TEST_CASE(a_null_has_no_value) {
  const Rows rows = rows_of({{std::nullopt, ""s, "\1"s, "\0"s}});
  BOOST_TEST(!rows.text(0, 0));
  BOOST_TEST((rows.text(0, 1) == ""sv));
  BOOST_TEST(!rows.integer(0, 0));
  BOOST_TEST(!rows.boolean(0, 0));
  BOOST_TEST(!rows.timestamp(0, 0));
  BOOST_TEST((rows.boolean(0, 2) == true));
  BOOST_TEST((rows.boolean(0, 3) == false));
}

BOOST_AUTO_TEST_CASE(a_value_of_another_form_is_none) {
  const Rows rows = rows_of({{""s, "\0\0\0\1"s, "\0\0\0\0\0\0\0\0\1"s, "\2"s, "\1\1"s, "t"s}});
  for (const int column : {0, 1, 2}) {
    BOOST_TEST(!rows.integer(0, column), column);
    BOOST_TEST(!rows.timestamp(0, column), column);
  }
  for (const int column : {0, 3, 4, 5}) BOOST_TEST(!rows.boolean(0, column), column);
}

BOOST_AUTO_TEST_CASE(a_row_or_column_that_is_not_there_has_no_value) {
  const Rows one = rows_of({{"\1"s}});
  BOOST_TEST(one.columns() == 1);
  BOOST_TEST(Rows().columns() == 0);
  for (const auto& [row, column] : {std::pair(0, 1), std::pair(1, 0), std::pair(-1, 0), std::pair(0, -1)}) {
    for (const Rows& rows : {one, Rows()}) {
      BOOST_TEST(!rows.text(row, column));
      BOOST_TEST(!rows.integer(row, column));
      BOOST_TEST(!rows.boolean(row, column));
      BOOST_TEST(!rows.timestamp(row, column));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_time_that_the_text_form_has_no_room_for_is_none) {
  const auto microseconds_since_2000 = [](std::int64_t number) {
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < 8; ++i)
      bytes[i] = static_cast<char>(static_cast<std::uint64_t>(number) >> (56 - 8 * i));
    return bytes;
  };
  constexpr std::int64_t first = -63'082'281'600'000'000, last = 252'455'615'999'999'999;
  const Rows rows = rows_of({{microseconds_since_2000(first), microseconds_since_2000(last)},
                             {microseconds_since_2000(first - 1), microseconds_since_2000(last + 1)},
                             {microseconds_since_2000(std::numeric_limits<std::int64_t>::min()),  // -infinity
                              microseconds_since_2000(std::numeric_limits<std::int64_t>::max())}});
  BOOST_TEST(format_timestamp(rows.timestamp(0, 0).value()) == "0001-01-01T00:00:00.000000Z");
  BOOST_TEST(format_timestamp(rows.timestamp(0, 1).value()) == "9999-12-31T23:59:59.999999Z");
  for (const int row : {1, 2}) {
    for (const int column : {0, 1}) BOOST_TEST(!rows.timestamp(row, column));
  }
}

const std::string kTime = "\0\0\0\0\0\0\0\1"s;  // a microsecond past the year 2000
const Row kTask = {"\0\0\0\0\0\0\0\7"s, "Title"s, "Text"s, "\1"s, kTime, kTime};

BOOST_AUTO_TEST_CASE(a_row_becomes_a_task_whose_texts_outlive_the_rows) {
  const Tasks tasks =
      read_tasks(rows_of({kTask, {"\0\0\0\0\0\0\0\6"s, "Other"s, std::nullopt, "\0"s, kTime, kTime}}))
          .value();
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

BOOST_AUTO_TEST_CASE(a_row_that_is_no_task_is_an_internal_error) {
  const auto refused = [](const std::vector<Row>& rows) {
    const auto tasks = read_tasks(rows_of(rows));
    return !tasks && tasks.error().type == ErrorType::internal_server_error;
  };
  for (std::size_t columns = 1; columns < kTask.size(); ++columns)
    BOOST_TEST(refused({Row(kTask.begin(), kTask.begin() + static_cast<std::ptrdiff_t>(columns))}), columns);
  for (const std::size_t column : {0U, 1U, 3U, 4U, 5U}) {
    Row row = kTask;
    row[column] = std::nullopt;
    BOOST_TEST(refused({kTask, row}), column);
  }
  for (const auto& [column, value] :
       {std::pair(0U, "\0\0\0\1"s), std::pair(0U, "\0\0\0\0\0\0\0\0"s), std::pair(0U, "\x80\0\0\0\0\0\0\0"s),
        std::pair(0U, "\0\x20\0\0\0\0\0\0"s), std::pair(3U, "\2"s), std::pair(3U, ""s),
        std::pair(4U, "\x7f\xff\xff\xff\xff\xff\xff\xff"s), std::pair(5U, "\x80\0\0\0\0\0\0\0"s)}) {
    Row row = kTask;
    row[column] = value;
    BOOST_TEST(refused({row}), column);
  }
  BOOST_TEST(read_tasks(Rows()).value().rows.empty());
}

BOOST_AUTO_TEST_SUITE_END()
