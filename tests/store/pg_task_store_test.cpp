// The six operations on tasks in Postgres.

#include <boost/test/unit_test.hpp>

#include "pool_fixture.h"
#include "tasks/task_json.h"

using namespace tasklane;

namespace {

struct StoreFixture : PoolFixture {
  StoreFixture() { connect(); }

  // The user's titles in the list's order: "c b a".
  std::string titles(const UserId& of, TaskFilter filter = TaskFilter::all) {
    const Tasks tasks = run(store->list(of, filter)).value();
    std::string text;
    for (const Task& task : tasks.rows) text += (text.empty() ? "" : " ") + std::string(task.title);
    return text;
  }
  std::string titles(TaskFilter filter = TaskFilter::all) { return titles(user, filter); }
  Tasks change(const UserId& of, TaskId id, const TaskChange& what) {
    return run(store->update(of, id, what)).value();
  }
  // A column of one task, as another session sees it.
  std::string column(TaskId id, const std::string& expression) {
    return database.value(fmt::format("SELECT ({})::text FROM tasks WHERE id = {}", expression, id));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pg_task_store, StoreFixture)

BOOST_AUTO_TEST_CASE(a_new_task_is_read_back_as_it_was_answered) {
  const Tasks made = run(create("Buy milk", "2 litres")).value();
  BOOST_REQUIRE(made.rows.size() == 1U);
  const Task& task = made.rows.front();
  BOOST_TEST(task.id >= 1);
  BOOST_TEST(task.title == "Buy milk");
  BOOST_TEST(task.description.value() == "2 litres");
  BOOST_TEST(!task.completed);
  const Tasks read = run(get(task.id)).value();
  BOOST_TEST(write_tasks(read, "u") == write_tasks(made, "u"));
  BOOST_TEST(column(task.id, "user_id") == user.value());
}

BOOST_AUTO_TEST_CASE(both_times_of_a_new_task_are_equal_and_the_database_s) {
  const Tasks made = run(create("t")).value();
  const Task& task = made.rows.front();
  BOOST_TEST(task.created_at == task.updated_at);
  const char* format = R"(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))";
  BOOST_TEST(column(task.id, fmt::format(fmt::runtime(format), "created_at")) ==
             format_timestamp(task.created_at));
  BOOST_TEST(column(task.id, fmt::format(fmt::runtime(format), "updated_at")) ==
             format_timestamp(task.updated_at));
}

BOOST_AUTO_TEST_CASE(times_of_every_age_are_read_to_the_microsecond) {
  const TaskId id = make("t");
  for (const char* time :
       {"0001-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.999999Z", "1999-12-31T23:59:59.999999Z",
        "2000-01-01T00:00:00.000001Z", "9999-12-31T23:59:59.999999Z"}) {
    database.run(fmt::format("UPDATE tasks SET created_at = '{}' WHERE id = {}", time, id));
    BOOST_TEST(format_timestamp(run(get(id)).value().rows.front().created_at) == time);
  }
}

BOOST_AUTO_TEST_CASE(texts_are_kept_to_the_byte) {
  std::string longest;
  for (int i = 0; i < 10'000; ++i) longest += "\xF4\x8F\xBF\xBF";  // U+10FFFF
  for (const std::string text : {"it's \"quoted\"", "back\\slash \\' \\x00 %s $1 {a,b}",
                                 "'; DROP TABLE tasks; --", "a\nb\tc\rd\x01\x7F", "\xF4\x8F\xBF\xBF",
                                 "\xEF\xBF\xBF \xEE\x80\x80 \xE2\x80\x8B", "NULL", "e\xCC\x81 \xC3\xA9"}) {
    const Tasks made = run(create(text, text)).value();
    BOOST_TEST(made.rows.front().title == text);
    BOOST_TEST(made.rows.front().description.value() == text);
  }
  const Tasks made = run(create("\xF4\x8F\xBF\xBF", longest)).value();
  BOOST_TEST((run(get(made.rows.front().id)).value().rows.front().description == longest));
}

BOOST_AUTO_TEST_CASE(no_description_and_an_empty_one_differ) {
  const Tasks none = run(create("a")).value();
  const Tasks empty = run(create("b", "")).value();
  BOOST_TEST(!none.rows.front().description);
  BOOST_TEST(empty.rows.front().description.value() == "");
  BOOST_TEST(column(none.rows.front().id, "description IS NULL") == "true");
  BOOST_TEST(column(empty.rows.front().id, "description = ''") == "true");
}

BOOST_AUTO_TEST_CASE(the_list_is_newest_first_and_by_id_among_equals) {
  BOOST_TEST(titles() == "");
  for (const auto& [id, title, time] :
       {std::tuple(9001, "c", "2020-01-01"), std::tuple(9003, "b", "2020-01-01"),
        std::tuple(9002, "d", "2019-01-01"), std::tuple(9000, "a", "2021-01-01"),
        std::tuple(9004, "e", "2019-01-01")}) {
    database.run(
        fmt::format("INSERT INTO tasks (user_id, id, title, created_at) VALUES ('{}', {}, '{}', '{}')",
                    user.value(), id, title, time));
  }
  BOOST_TEST(titles() == "a b c e d");
}

BOOST_AUTO_TEST_CASE(the_list_is_filtered_by_completion) {
  for (const char* title : {"a", "b", "c"}) {
    const TaskId id = make(title);
    if (*title == 'b') run(store->complete(user, id, true));
  }
  BOOST_TEST(titles(TaskFilter::all) == "c b a");
  BOOST_TEST(titles(TaskFilter::active) == "c a");
  BOOST_TEST(titles(TaskFilter::completed) == "b");
}

BOOST_AUTO_TEST_CASE(an_update_keeps_what_is_absent) {
  const TaskId id = make("a");
  const auto text = [&](const TaskChange& what) {
    const Tasks changed = change(user, id, what);
    const Task& task = changed.rows.at(0);
    return fmt::format("{} {} {}", task.title, task.description.value_or("null"), task.completed);
  };
  BOOST_TEST(text({.description = "d"}) == "a d false");
  BOOST_TEST(text({.title = "b"}) == "b d false");
  BOOST_TEST(text({.completed = true}) == "b d true");
  BOOST_TEST(text({.description = std::optional<std::string>("")}) == "b  true");
  BOOST_TEST(text({.description = std::optional<std::string>()}) == "b null true");
  BOOST_TEST(text({.title = "c", .description = "e", .completed = false}) == "c e false");
  BOOST_TEST(column(id, "updated_at > created_at") == "true");
}

BOOST_AUTO_TEST_CASE(completion_toggles_and_sets) {
  const TaskId id = make("a");
  const auto completed = [&](std::optional<bool> to) {
    return run(store->complete(user, id, to)).value().rows.at(0).completed;
  };
  BOOST_TEST(completed(std::nullopt) == true);
  BOOST_TEST(completed(std::nullopt) == false);
  BOOST_TEST(completed(true) == true);
  BOOST_TEST(completed(true) == true);
  BOOST_TEST(completed(false) == false);
}

BOOST_AUTO_TEST_CASE(a_task_is_removed_once) {
  const TaskId id = make("a");
  BOOST_TEST(run(store->remove(user, id)).value().rows.size() == 1U);
  BOOST_TEST(run(store->remove(user, id)).value().rows.empty());
  BOOST_TEST(run(get(id)).value().rows.empty());
}

BOOST_AUTO_TEST_CASE(the_largest_ids_are_exact) {
  database.run(
      fmt::format("INSERT INTO tasks (user_id, id, title) VALUES ('{}', {}, 'last'), ('{}', {}, 'first')",
                  user.value(), limits::kTaskIdMax, user.value(), limits::kTaskIdMax - 1));
  BOOST_TEST(run(get(limits::kTaskIdMax)).value().rows.at(0).title == "last");
  BOOST_TEST(run(get(limits::kTaskIdMax)).value().rows.at(0).id == 9'007'199'254'740'991);
  BOOST_TEST(run(get(limits::kTaskIdMax + 1)).value().rows.empty());
  BOOST_TEST(run(get(std::numeric_limits<TaskId>::max())).value().rows.empty());
}

BOOST_AUTO_TEST_CASE(no_operation_reaches_another_user_s_task) {
  const TaskId id = make("mine");
  const UserId other = user_named(user.value() + " no");
  const std::string before = write_tasks(run(get(id)).value(), "u");
  BOOST_TEST(titles(other) == "");
  BOOST_TEST(titles(other, TaskFilter::active) == "");
  BOOST_TEST(run(store->get(other, id)).value().rows.empty());
  BOOST_TEST(change(other, id, {.title = "stolen", .description = "x", .completed = true}).rows.empty());
  BOOST_TEST(run(store->complete(other, id, std::nullopt)).value().rows.empty());
  BOOST_TEST(run(store->complete(other, id, true)).value().rows.empty());
  BOOST_TEST(run(store->remove(other, id)).value().rows.empty());
  BOOST_TEST(write_tasks(run(get(id)).value(), "u") == before);

  const NewTask theirs{.title = "theirs", .description = {}};
  run(store->create(other, theirs));
  BOOST_TEST(titles() == "mine");
  BOOST_TEST(titles(other) == "theirs");
}

BOOST_AUTO_TEST_CASE(user_ids_are_compared_to_the_byte) {
  make("mine");
  for (const std::string& other : {user.value() + " ", " " + user.value(), "USER " + user.value().substr(5),
                                   user.value() + "%", std::string("_") + user.value().substr(1)})
    BOOST_TEST(titles(user_named(other)) == "", other);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pg_task_store_of_a_changed_database, OwnPoolFixture)

// As a database that a migration has not reached yet may hold.
BOOST_AUTO_TEST_CASE(a_time_that_no_text_can_tell_is_an_internal_error) {
  connect();
  const TaskId id = make("t");
  database.run("ALTER TABLE tasks DROP CONSTRAINT tasks_rules");
  for (const char* time : {"infinity", "-infinity", "10000-01-01 00:00:00+00", "0001-12-31 23:59:59+00 BC"}) {
    for (const char* column : {"created_at", "updated_at"}) {
      database.run("UPDATE tasks SET created_at = now(), updated_at = now()");
      database.run(fmt::format("UPDATE tasks SET {} = '{}'", column, time));
      BOOST_TEST((run(get(id)).error().type == ErrorType::internal_server_error));
      BOOST_TEST((run(store->list(user, TaskFilter::all)).error().type == ErrorType::internal_server_error));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_insert_that_a_trigger_suppresses_makes_no_task) {
  connect();
  database.run("CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
  database.run("CREATE TRIGGER suppress BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION suppress()");
  BOOST_TEST(run(create("t")).value().rows.empty());
  const Intent intent{.key = "k", .fingerprint = {}};
  BOOST_TEST(run(store->create_once(user, intent, {.title = "t", .description = {}})).value().rows.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pg_task_store_by_another_url, PoolFixture)

BOOST_AUTO_TEST_CASE(texts_are_utf_8_whatever_the_url_says) {
  pool = std::make_unique<ConnectionPool>(loop, database.api_url() + "&client_encoding=LATIN1", 1,
                                          statements::kAll, metrics, limits::kRequestDeadline);
  store = std::make_unique<PgTaskStore>(*pool);
  pool->start();
  const TaskId id = make("\xC3\xA9");
  BOOST_TEST(run(get(id)).value().rows.front().title == "\xC3\xA9");
  BOOST_TEST(database.value(fmt::format("SELECT char_length(title) FROM tasks WHERE id = {}", id)) == "1");
}

BOOST_AUTO_TEST_SUITE_END()
