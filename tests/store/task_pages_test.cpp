// Lists in every order, with every filter, in pages: against what another session reads, and beside random
// changes.

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "pool_fixture.h"

using namespace tasklane;

namespace {

constexpr SortKey kKeys[] = {SortKey::created_at, SortKey::updated_at, SortKey::title, SortKey::completed};
constexpr const char* kColumns[] = {"created_at", "updated_at", "title COLLATE \"und-x-icu\"", "completed"};
constexpr const char* kConditions[] = {"true", "NOT completed", "completed"};  // by TaskFilter

std::vector<ListOrder> orders() {
  std::vector<ListOrder> all;
  for (const SortKey key : kKeys) {
    for (const bool descending : {false, true}) all.push_back({.key = key, .descending = descending});
  }
  return all;
}

struct PagesFixture : PoolFixture {
  PagesFixture() { connect(); }

  void run_for_user(const std::string& sql) const {
    database.run(fmt::format(fmt::runtime(sql), fmt::arg("user", user.value())));
  }
  // Few different keys, so that ids decide, too.
  void fill(int count) const {
    run_for_user(fmt::format(
        "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at)"
        " SELECT '{{user}}', (ARRAY['a', 'B', 'é', 'É', 'z', 'ß', '日本', 'Ж'])[1 + n % 8] || n % 3,"
        " CASE WHEN n % 4 = 0 THEN 'words to find ' || n END, n % 3 = 0,"
        " now() - n % 7 * interval '1 s', now() - n % 5 * interval '1 s' FROM generate_series(1, {}) AS n",
        count));
  }
  std::string ids(const ListSlice& slice, std::size_t pages_of) {
    std::string text;
    ListSlice next = slice;
    next.rows_max = pages_of;
    next.description_max_bytes = limits::kSliceMaxBytes;
    for (int pages = 0; pages < 1'000; ++pages) {
      const Tasks page = run(store->list_slice(user, next)).value();
      for (const Task& task : page.rows) text += fmt::format("{} ", task.id);
      if (page.rows.size() < pages_of) return text;
      next.behind = place_of_task(page.rows.back(), slice.order.key);
      next.offset = 0;
    }
    return text + "and no end";
  }
  std::string expected(const ListSlice& slice, const std::string& condition) const {
    const char* direction = slice.order.descending ? "DESC" : "ASC";
    std::string text;
    for (const auto& row : database.run(fmt::format(
             "SELECT id FROM tasks WHERE user_id = '{}' AND {} AND {} ORDER BY {} {}, id {} OFFSET {}",
             user.value(), kConditions[static_cast<std::size_t>(slice.filter.status)], condition,
             kColumns[static_cast<std::size_t>(slice.order.key)], direction, direction, slice.offset)))
      text += fmt::format("{} ", row[0].as<TaskId>());
    return text;
  }
  std::string found(const std::string& search) {
    const ListSlice slice{.filter = {.search = search}, .rows_max = 100, .description_max_bytes = 1'000};
    std::string text;
    const Tasks tasks = run(store->list_slice(user, slice)).value();
    for (const Task& task : tasks.rows) text += (text.empty() ? "" : ", ") + std::string(task.title);
    return text;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_pages, PagesFixture)

BOOST_AUTO_TEST_CASE(pages_are_the_list_in_each_order_with_each_filter) {
  fill(100);
  const std::string mine = user.value();
  user = user_named("another " + mine);
  fill(20);
  user = user_named(mine);
  for (const ListOrder order : orders()) {
    for (const TaskFilter status : {TaskFilter::all, TaskFilter::active, TaskFilter::completed}) {
      for (const bool search : {false, true}) {
        ListSlice slice{.filter = {.status = status}, .order = order};
        if (search) slice.filter.search = "WORDS to";
        const std::string whole = expected(slice, search ? "description IS NOT NULL" : "true");
        for (const std::size_t pages_of : {1UL, 7UL, 200UL}) BOOST_TEST(ids(slice, pages_of) == whole);
        slice.offset = 9;
        BOOST_TEST(ids(slice, 5) == expected(slice, search ? "description IS NOT NULL" : "true"));
        slice.offset = limits::kQuickOffsetMax + 1;  // by another statement
        BOOST_TEST(ids(slice, 5) == "");
      }
    }
  }
}

// What is there all the time, and keeps its keys and its state, is on one page, once.
BOOST_AUTO_TEST_CASE(a_walk_beside_random_changes_shows_what_stays_exactly_once) {
  std::minstd_rand random{7};
  for (int walk = 0; walk < 48; ++walk) {
    user = user_named(fmt::format("walk {} of {}", walk, user.value().substr(0, 20)));
    fill(60);
    std::vector<TaskId> moving;
    std::map<TaskId, int> staying;
    const ListOrder order = orders()[static_cast<std::size_t>(walk) % 8];
    ListSlice slice{.order = order, .description_max_bytes = 20};
    slice.filter.status = static_cast<TaskFilter>(random() % 3);
    if (random() % 3 == 0) slice.filter.search = "to find";
    const bool searches = slice.filter.search.has_value();
    for (const auto& row :
         database.run(fmt::format("SELECT id, {} AND {} FROM tasks WHERE user_id = '{}' ORDER BY id",
                                  kConditions[static_cast<std::size_t>(slice.filter.status)],
                                  searches ? "description IS NOT NULL" : "true", user.value()))) {
      const auto id = row[0].as<TaskId>();
      if (random() % 2 == 0) {
        moving.push_back(id);
      } else if (row[1].as<bool>()) {
        staying[id] = 0;
      }
    }
    for (bool more = true; more;) {
      slice.rows_max = 1 + random() % 9;
      const Tasks page = run(store->list_slice(user, slice)).value();
      for (const Task& task : page.rows) {
        if (const auto found = staying.find(task.id); found != staying.end()) ++found->second;
      }
      more = page.rows.size() == slice.rows_max;
      if (more) slice.behind = place_of_task(page.rows.back(), order.key);
      for (int change = 0; change < 3; ++change) {
        const TaskId id = moving[random() % moving.size()];
        switch (random() % 4) {
          case 0:
            moving.push_back(make(fmt::format("{} words to find", random() % 100)));
            break;
          case 1:
            run(store->remove(user, id));
            break;
          case 2:
            run(store->update(user, id, {.title = fmt::format("{}", random() % 100)}));
            break;
          default:
            run(store->complete(user, id, std::nullopt));
        }
      }
    }
    for (const auto& [id, times] : staying)
      BOOST_TEST(times == 1, "walk " << walk << ": task " << id << " came " << times << " times");
  }
}

BOOST_AUTO_TEST_CASE(a_search_takes_the_cases_of_a_letter_for_one_in_every_script) {
  const std::pair<const char*, std::vector<const char*>> cases[] = {
      {"Straße", {"straße", "STRASSE", "strasse", "STRAẞE"}},
      {"ΟΔΟΣ", {"οδος", "Οδοσ", "ΟΔΟΣ", "οδο"}},
      {"Привет", {"привет", "ПРИВЕТ"}},
      {"Ձեռք", {"ձեռք", "ՁԵՌՔ"}},
      {"Caffè", {"CAFFÈ", "caffè"}},
      {"İstanbul", {"İSTANBUL"}},
      {"ﬁnd", {"FIND", "find"}},
      {"Å", {"å"}},
      {"𐐀", {"𐐨"}},
      {"日本語", {"本"}},
  };
  for (const auto& [title, searches] : cases) {
    const TaskId id = make(title);
    for (const char* search : searches) BOOST_TEST(found(search) == title, title << " by " << search);
    run(store->remove(user, id));
  }
  run(create("t", "An ÉTAGÈRE inside"));
  BOOST_TEST(found("étagère IN") == "t");
}

BOOST_AUTO_TEST_CASE(a_search_is_literal) {
  for (const char* title : {"100% sure", "100 sure", "a_b", "aXb", "back\\slash", "it's", "$1"}) make(title);
  BOOST_TEST(found("%") == "100% sure");
  BOOST_TEST(found("a_B") == "a_b");
  BOOST_TEST(found("\\") == "back\\slash");
  BOOST_TEST(found("'") == "it's");
  BOOST_TEST(found("$1") == "$1");
  BOOST_TEST(found(".*") == "");
  BOOST_TEST(found("sure$") == "");
}

// From the end of the title into the description nothing is found.
BOOST_AUTO_TEST_CASE(a_search_is_of_the_title_or_the_description) {
  run(create("ab", "cd"));
  BOOST_TEST(found("bc") == "");
  BOOST_TEST(found("d") == "ab");
}

BOOST_AUTO_TEST_CASE(titles_are_in_the_order_of_unicode_whatever_the_server_speaks) {
  for (const char* title : {"zebra", "Äpfel", "apfel", "Zoo", "öl", "Ol", "Ωμέγα", "яблоко", "Apfel"})
    make(title);
  const ListSlice slice{.order = {.key = SortKey::title, .descending = false}, .rows_max = 100};
  std::string text;
  const Tasks tasks = run(store->list_slice(user, slice)).value();
  for (const Task& task : tasks.rows) text += std::string(task.title) + " ";
  BOOST_TEST(text == "apfel Apfel Äpfel Ol öl zebra Zoo Ωμέγα яблоко ");
}

BOOST_AUTO_TEST_CASE(what_a_slice_leaves_out_is_read_by_id) {
  run(create("short", "0123456789"));
  run(create("long", std::string(10'000, 'x')));
  run(create("none"));
  const ListSlice slice{.rows_max = 10, .description_max_bytes = 10};
  const Tasks tasks = run(store->list_slice(user, slice)).value();
  BOOST_REQUIRE(tasks.cut == std::vector<std::size_t>{1});
  BOOST_TEST(tasks.rows[2].description.value() == "0123456789");
  BOOST_TEST(!tasks.rows[1].description);
  const UserId other = user_named("another " + user.value());
  const std::vector<TaskId> ids{tasks.rows[1].id, tasks.rows[0].id, limits::kTaskIdMax};
  const Tasks whole = run(store->get_some(user, ids)).value();
  BOOST_REQUIRE(whole.rows.size() == 2U);
  BOOST_TEST(whole.rows[0].description.value_or("").size() + whole.rows[1].description.value_or("").size() ==
             10'000U);
  BOOST_TEST(run(store->get_some(other, ids)).value().rows.empty());
}

BOOST_AUTO_TEST_CASE(many_tasks_are_deleted_in_steps_up_to_the_newest_there_was) {
  fill(4'500);
  Deletion step = run(store->remove_some(user, TaskFilter::completed, 0, std::nullopt)).value();
  BOOST_TEST(step.deleted == 1'500U);
  step = run(store->remove_some(user, TaskFilter::all, 0, std::nullopt)).value();
  BOOST_TEST(step.deleted == limits::kDeletedRowsMax);
  const TaskId newest = step.newest;
  make("made meanwhile");
  step = run(store->remove_some(user, TaskFilter::all, step.last, newest)).value();
  BOOST_TEST(step.deleted == 1'000U);
  BOOST_TEST(step.last == newest);
  BOOST_TEST(count("%") == "1");
  const UserId other = user_named("another " + user.value());
  BOOST_TEST(run(store->remove_some(other, TaskFilter::all, 0, std::nullopt)).value().deleted == 0U);
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_deletion_of_many_is_kept_under_its_key) {
  const Intent intent{.key = "k", .fingerprint = fingerprint(TaskFilter::completed)};
  const Intent other{.key = "k", .fingerprint = fingerprint(TaskFilter::all)};
  BOOST_TEST(!run(store->find_deletion(user, intent)).value());
  KeptDeletion kept = run(store->keep_deletion(user, intent, 12)).value();
  BOOST_TEST((kept.deleted == 12U && !kept.replayed));
  kept = run(store->keep_deletion(user, intent, 0)).value();  // of two at once the second
  BOOST_TEST((kept.deleted == 12U && kept.replayed));
  BOOST_TEST(run(store->find_deletion(user, intent)).value()->deleted == 12U);
  BOOST_TEST(outcome(run(store->find_deletion(user, other))) == "conflict");
  BOOST_TEST(outcome(run(store->keep_deletion(user, other, 1))) == "conflict");
  BOOST_TEST(!run(store->find_deletion(user_named("another " + user.value()), other)).value());
  run_for_user("UPDATE idempotency_keys SET stored_at = now() - interval '25 h' WHERE user_id = '{user}'");
  BOOST_TEST(!run(store->find_deletion(user, other)).value());
  kept = run(store->keep_deletion(user, other, 3)).value();
  BOOST_TEST((kept.deleted == 3U && !kept.replayed));
}

BOOST_AUTO_TEST_SUITE_END()
