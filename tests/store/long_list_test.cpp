// Lists in pages: all of them together are the rows that one read of the table gives, and each is bounded in
// rows and in bytes.

#include <boost/test/unit_test.hpp>

#include "pool_fixture.h"
#include "tasks/task_json.h"

using namespace tasklane;

namespace {

using Filter = TaskFilter;

struct LongListFixture : PoolFixture {
  LongListFixture() { connect(); }

  // `count` tasks, each n with these expressions.
  void fill(int count, const std::string& description = "NULL",
            const std::string& created_at = "now() - n * interval '1 s'") const {
    database.run(
        fmt::format("INSERT INTO tasks (user_id, title, description, completed, created_at)"
                    " SELECT '{}', 'task ' || n, {}, n % 3 = 0, {} FROM generate_series(1, {}) AS n",
                    user.value(), description, created_at, count));
  }
  std::vector<Tasks> pages(Filter filter = Filter::all) {
    std::vector<Tasks> read{run(store->list(user, filter)).value()};
    while (read.back().next) read.push_back(run(store->list(user, filter, read.back().next)).value());
    return read;
  }
  std::string text(const std::vector<Tasks>& read) const {
    std::string text;
    for (const Tasks& page : read) text += write_tasks(page, user.value(), text.empty());
    return text;
  }
  // The rows as another session reads them, all at once.
  std::string expected(const std::string& condition = "true") const {
    const auto rows = database.run(fmt::format(
        "SELECT id, title, description, completed, (extract(epoch FROM created_at) * 1000000)::bigint,"
        " (extract(epoch FROM updated_at) * 1000000)::bigint FROM tasks WHERE user_id = '{}' AND {}"
        " ORDER BY created_at DESC, id DESC",
        user.value(), condition));
    Tasks tasks;
    for (const auto& row : rows) {
      const auto description =
          row[2].is_null() ? std::nullopt : std::optional<std::string_view>(row[2].c_str());
      tasks.rows.push_back({row[0].as<TaskId>(), row[1].c_str(), description, row[3].as<bool>(),
                            row[4].as<Timestamp>(), row[5].as<Timestamp>()});
    }
    return write_tasks(tasks, user.value());
  }
  static std::size_t bytes(const Task& task) {
    return task.title.size() + task.description.value_or("").size();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(long_lists, LongListFixture)

BOOST_AUTO_TEST_CASE(pages_are_the_list_at_every_border) {
  int made = 0;
  for (const int length : {0, 1, 127, 128, 129, 383, 384, 385, 5'000}) {
    fill(length - made, "repeat('x', 500)");
    made = length;
    BOOST_TEST((text(pages()) == expected()), length << " tasks");
  }
}

BOOST_AUTO_TEST_CASE(a_list_of_less_than_a_page_leads_nowhere) {
  fill(63);
  BOOST_TEST(!run(store->list(user, Filter::all)).value().next);
}

BOOST_AUTO_TEST_CASE(tasks_of_one_moment_are_each_shown_once) {
  fill(300, "NULL", "'2025-01-01'");
  BOOST_TEST((text(pages()) == expected()));
}

BOOST_AUTO_TEST_CASE(times_of_every_age_are_a_place_to_go_on_from) {
  for (const char* time :
       {"0001-01-01T00:00:00Z", "1999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"})
    fill(100, "NULL", fmt::format("'{}'", time));
  BOOST_TEST((text(pages()) == expected()));
}

BOOST_AUTO_TEST_CASE(the_filter_holds_for_every_page) {
  fill(1'000);
  BOOST_TEST((text(pages(Filter::completed)) == expected("completed")));
  BOOST_TEST((text(pages(Filter::active)) == expected("NOT completed")));
}

BOOST_AUTO_TEST_CASE(another_user_s_tasks_are_on_no_page) {
  fill(200);
  const std::string mine = expected();
  user = user_named("another " + user.value());
  BOOST_TEST(text(pages()) == "[]");
  fill(200);
  BOOST_TEST((text(pages()) == expected()));
  BOOST_TEST((text(pages()) != mine));
}

BOOST_AUTO_TEST_CASE(pages_grow_up_to_their_bound_of_rows) {
  fill(4'000);
  std::vector<std::size_t> rows;
  for (const Tasks& page : pages()) rows.push_back(page.rows.size());
  BOOST_TEST(rows == (std::vector<std::size_t>{128, 256, 512, 1'000, 1'000, 1'000, 104}));
}

// Stored out of line and within the row, short and long in turns.
BOOST_AUTO_TEST_CASE(pages_are_bounded_in_bytes) {
  for (const char* description :
       {"repeat(U&'\\+010FFF', 10000)",
        "(SELECT string_agg(md5(n || ':' || m), '') FROM generate_series(1, 300) AS m)", "repeat('x', 1000)",
        "CASE WHEN n % 7 = 0 THEN repeat('\xC3\xA9', 10000) END"}) {
    fill(200, description);
    const auto read = pages();
    BOOST_TEST((text(read) == expected()), description);
    for (std::size_t i = 1; i < read.size(); ++i) {
      std::size_t before_last = 0;
      for (const Task& task : read[i].rows) before_last += bytes(task);
      if (!read[i].rows.empty()) before_last -= bytes(read[i].rows.back());
      BOOST_TEST(before_last < limits::kListPageMaxBytes);
    }
  }
}

// What the bytes have cut goes on, also where nothing follows.
BOOST_AUTO_TEST_CASE(a_page_that_is_full_at_the_list_s_end_is_asked_behind) {
  database.run(
      fmt::format("INSERT INTO tasks (user_id, title, created_at)"
                  " SELECT '{}', 't', now() + n * interval '1 s' FROM generate_series(1, 128) AS n",
                  user.value()));
  const std::size_t rows = (limits::kListPageMaxBytes + 10'000) / 10'001;
  fill(static_cast<int>(rows), "repeat('x', 10000)");
  const auto read = pages();
  BOOST_REQUIRE(read.size() == 3U);
  BOOST_TEST(read[1].rows.size() == rows);
  BOOST_TEST(read[2].rows.empty());
  BOOST_TEST((text(read) == expected()));
}

BOOST_AUTO_TEST_SUITE_END()
