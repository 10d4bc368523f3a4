// What clients carry from page to page.

#include <boost/test/unit_test.hpp>
#include <random>

#include "auth/base64url.h"
#include "base/limits.h"
#include "tasks/list_cursor.h"

using namespace tasklane;

namespace {

const ListPlace kPlaces[] = {
    {.time = 1'700'000'000'123'456, .id = 1},
    {.time = limits::kTimestampMinMicroseconds, .id = limits::kTaskIdMax},
    {.time = limits::kTimestampMaxMicroseconds, .title = "\xF0\x9F\x98\x80 t", .id = 7},
    {.title = "z", .completed = true, .id = 9}};
const ListFilter kFilters[] = {{},
                               {.status = TaskFilter::active},
                               {.status = TaskFilter::completed},
                               {.search = "a"},
                               {.search = "A"},
                               {.status = TaskFilter::active, .search = "a"}};

std::vector<ListOrder> orders() {
  std::vector<ListOrder> all;
  for (const SortKey key : {SortKey::created_at, SortKey::updated_at, SortKey::title, SortKey::completed}) {
    for (const bool descending : {false, true}) all.push_back({.key = key, .descending = descending});
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_cursors)

BOOST_AUTO_TEST_CASE(lead_back_to_their_place) {
  for (const ListOrder order : orders()) {
    for (ListPlace place : kPlaces) {
      if (place.title.empty()) place.title = "t";
      const auto found = read_cursor(write_cursor(place, order, {}), order, {});
      BOOST_REQUIRE(found);
      BOOST_TEST(found->id == place.id);
      const bool by_time = order.key == SortKey::created_at || order.key == SortKey::updated_at;
      if (by_time) BOOST_TEST(found->time == place.time);
      if (order.key == SortKey::title) BOOST_TEST(found->title == place.title);
      if (order.key == SortKey::completed) BOOST_TEST(found->completed == place.completed);
    }
  }
}

BOOST_AUTO_TEST_CASE(are_of_one_order_and_one_filter) {
  const ListPlace place{.time = 1, .title = "12345678", .id = 5};
  for (const ListOrder made : orders()) {
    for (const ListFilter& made_for : kFilters) {
      const std::string cursor = write_cursor(place, made, made_for);
      int taken = 0;
      for (const ListOrder order : orders()) {
        for (const ListFilter& filter : kFilters) taken += read_cursor(cursor, order, filter) ? 1 : 0;
      }
      BOOST_TEST(taken == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_the_longest_title_are_taken) {
  std::string title;
  for (std::size_t i = 0; i < limits::kTitleMaxCodePoints; ++i) title += "\xF0\x9F\x98\x80";
  const ListOrder order{.key = SortKey::title, .descending = false};
  const std::string cursor = write_cursor({.title = title, .id = 1}, order, {});
  BOOST_TEST(cursor.size() <= limits::kCursorMaxCharacters);
  BOOST_TEST(read_cursor(cursor, order, {})->title == title);
}

BOOST_AUTO_TEST_CASE(with_a_place_that_no_task_has_are_none) {
  for (const ListPlace& place :
       {ListPlace{.id = 0}, ListPlace{.id = -1}, ListPlace{.id = limits::kTaskIdMax + 1},
        ListPlace{.time = limits::kTimestampMaxMicroseconds + 1, .id = 1},
        ListPlace{.time = limits::kTimestampMinMicroseconds - 1, .id = 1}})
    BOOST_TEST(!read_cursor(write_cursor(place, {}, {}), {}, {}));
  const ListOrder by_title{.key = SortKey::title};
  for (const std::string& title :
       {std::string(), std::string("\0", 1), std::string("\xff"), std::string(201, 'x')})
    BOOST_TEST(!read_cursor(write_cursor({.title = title, .id = 1}, by_title, {}), by_title, {}));
}

// Cut, prolonged, changed: it is refused, or leads to a place that a task can have.
BOOST_AUTO_TEST_CASE(that_are_made_up_do_no_harm) {
  std::minstd_rand random{1};
  for (const ListOrder order : orders()) {
    const std::string cursor = write_cursor({.time = 1, .title = "title", .id = 5}, order, {});
    for (std::size_t end = 0; end < cursor.size(); ++end)
      if (const auto place = read_cursor(cursor.substr(0, end), order, {})) BOOST_TEST(!place->title.empty());
    for (const std::string_view tail : {"A", "AA", "=", "\n", " ", "AAAAAAAAAAAAAAAAAAAA"})
      if (const auto place = read_cursor(cursor + std::string(tail), order, {}))
        BOOST_TEST((order.key == SortKey::title));
    for (int turn = 0; turn < 2'000; ++turn) {
      std::string bytes = *decode_base64url(cursor);
      bytes[random() % bytes.size()] = static_cast<char>(random());
      const auto place = read_cursor(encode_base64url(bytes), order, {});
      if (!place) continue;
      BOOST_TEST((place->id >= 1 && place->id <= limits::kTaskIdMax));
      BOOST_TEST((place->time >= limits::kTimestampMinMicroseconds &&
                  place->time <= limits::kTimestampMaxMicroseconds));
    }
  }
  BOOST_TEST(!read_cursor("", {}, {}));
  BOOST_TEST(!read_cursor(std::string(100'000, 'A'), {}, {}));
}

BOOST_AUTO_TEST_SUITE_END()
