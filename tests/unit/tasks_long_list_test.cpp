// Lists of more than one page, on the in-memory store: each page is read when it is asked for, and all of
// them together are what one answer would be.

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "bodies.h"
#include "tasks_fixture.h"

using namespace tasklane;

namespace {

struct LongListFixture : TasksFixture {
  void fill(std::size_t count, const UserId& user) {
    for (std::size_t i = 0; i < count; ++i)
      await(loop, store.create(user, NewTask{.title = std::to_string(i), .description = {}}));
    store.calls.clear();
  }
  // What the whole list has to be: each task as it is answered by itself.
  std::string expected(TaskId newest, TaskId oldest, TaskId step = 1) {
    std::string list = "[";
    for (TaskId id = newest; id >= oldest; id -= step)
      list += (list.size() > 1 ? "," : "") + send("GET", "/api/tasks/" + std::to_string(id))->body;
    return list + "]";
  }
  std::string next(const Response& response) { return await(loop, response.more->next()).value(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_long_lists, LongListFixture)

BOOST_AUTO_TEST_CASE(a_list_of_less_than_a_page_is_one_read_and_goes_on_nowhere) {
  fill(limits::kListFirstRowsMax - 1, alice);
  const auto list = send("GET", "/api/tasks");
  BOOST_TEST(!list->more);
  BOOST_TEST(store.calls.size() == 1U);
  BOOST_TEST(list->body == expected(127, 1));
}

BOOST_AUTO_TEST_CASE(a_list_of_any_length_is_the_same_in_pages_as_it_is_whole) {
  std::size_t made = 0;
  for (const std::size_t length : {128UL, 129UL, 383UL, 384UL, 385UL, 2'500UL}) {
    fill(length - made, alice);
    made = length;
    const auto list = send("GET", "/api/tasks");
    BOOST_REQUIRE(list->more);
    BOOST_TEST((whole_body(loop, *list) == expected(static_cast<TaskId>(length), 1)), length << " tasks");
  }
}

// 128, 256, 512, then 1,000 rows at most.
BOOST_AUTO_TEST_CASE(pages_grow_so_that_a_long_list_takes_few_reads) {
  fill(896 + 1'000 + 1'000 + 7, alice);
  const auto list = send("GET", "/api/tasks");
  BOOST_TEST(store.calls.size() == 1U);
  whole_body(loop, *list);
  BOOST_TEST(store.calls.size() == 6U);
}

BOOST_AUTO_TEST_CASE(each_page_is_read_when_it_is_asked_for) {
  fill(600, alice);
  const auto list = send("GET", "/api/tasks");
  for (const std::size_t reads : {2U, 3U}) {
    BOOST_TEST(!next(*list).empty());
    BOOST_TEST(store.calls.size() == reads);
  }
  BOOST_TEST(next(*list).empty());
  BOOST_TEST(store.calls.size() == 3U, "the last page was not full");
}

BOOST_AUTO_TEST_CASE(the_filter_and_the_user_hold_for_every_page) {
  fill(200, alice);
  fill(200, bob);
  for (TaskId id = 1; id <= 200; id += 2) await(loop, store.complete(alice, id, true));
  BOOST_TEST(whole_body(loop, *send("GET", "/api/tasks?status=completed")) == expected(199, 1, 2));
  BOOST_TEST(whole_body(loop, *send("GET", "/api/tasks?status=active")) == expected(200, 2, 2));
}

BOOST_AUTO_TEST_CASE(what_changes_meanwhile_shows_no_task_twice_and_leaves_none_out) {
  fill(200, alice);
  const auto list = send("GET", "/api/tasks");
  fill(1, alice);                                          // newer than what was read
  await(loop, store.remove(alice, 200));                   // was read
  await(loop, store.remove(alice, 10));                    // will not be
  await(loop, store.update(alice, 11, {.title = "new"}));  // will be, as it is then
  const JsonValue tasks = parse_json(whole_body(loop, *list)).value();
  BOOST_REQUIRE(tasks.array()->size() == 199U);
  TaskId expected_id = 200;
  for (const JsonValue& task : *tasks.array()) {
    if (expected_id == 10) --expected_id;
    BOOST_TEST(*task.find("id")->integer() == expected_id);
    if (expected_id == 11) BOOST_TEST(*task.find("title")->string() == "new");
    --expected_id;
  }
}

BOOST_AUTO_TEST_CASE(a_read_that_fails_behind_the_first_page_is_told) {
  fill(200, alice);
  const auto list = send("GET", "/api/tasks");
  store.failure = Error{.type = ErrorType::service_unavailable, .detail = "gone"};
  const auto piece = await(loop, list->more->next());
  BOOST_REQUIRE(!piece);
  BOOST_TEST(piece.error().detail == "gone");
}

BOOST_AUTO_TEST_SUITE_END()
