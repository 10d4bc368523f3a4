// Lists with pages, an order and a search, on the in-memory store.

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "bodies.h"
#include "tasks_fixture.h"

using namespace tasklane;

namespace {

struct FiveTasks : TasksFixture {
  FiveTasks() {
    for (const char* title : {"delta", "Alpha", "charlie", "bravo", "echo"}) create(title, alice);
    create("theirs", bob);
    send("PUT", "/api/tasks/1", R"({"description":"An ALPHA inside","completed":true})");
    send("PATCH", "/api/tasks/4/toggle-complete");
    store.calls.clear();
  }

  // Where the Link header leads; empty: there is none.
  static std::string next_of(const Result<Response>& answer) {
    const std::string link = header_of(answer.value(), "Link");
    if (link.empty()) return {};
    BOOST_REQUIRE(link.starts_with("<") && link.ends_with(R"(>; rel="next")"));
    return link.substr(1, link.find('>') - 1);
  }
  // The titles of all pages, with a bar between two pages.
  std::string walk(std::string target) {
    std::string text;
    for (int pages = 0; !target.empty() && pages < 10; ++pages) {
      const auto answer = send("GET", target);
      text += (pages > 0 ? " | " : "") + titles(target, alice);
      target = next_of(answer);
    }
    return text;
  }
  std::string fault(const std::string& query) {
    const auto answer = send("GET", "/api/tasks" + query);
    if (answer) return "none";
    BOOST_TEST(status_of(answer) == 400, query);
    BOOST_TEST(answer.error().errors.at(0).loc.at(0) == "query");
    return answer.error().errors.at(0).loc.at(1);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_pages, FiveTasks)

BOOST_AUTO_TEST_CASE(show_every_task_once) {
  BOOST_TEST(walk("/api/tasks?limit=2") == "echo bravo | charlie Alpha | delta");
  BOOST_TEST(walk("/api/tasks?limit=5") == "echo bravo charlie Alpha delta");
  BOOST_TEST(walk("/api/tasks?limit=4") == "echo bravo charlie Alpha | delta");
  BOOST_TEST(walk("/api/tasks?limit=2&status=active") == "echo charlie | Alpha");
  BOOST_TEST(walk("/api/tasks?limit=1&completed=true") == "bravo | delta");
}

BOOST_AUTO_TEST_CASE(come_in_each_order) {
  BOOST_TEST(walk("/api/tasks?limit=3&order=asc") == "delta Alpha charlie | bravo echo");
  BOOST_TEST(walk("/api/tasks?limit=3&sort=title") == "Alpha bravo charlie | delta echo");
  BOOST_TEST(walk("/api/tasks?limit=3&sort=title&order=desc") == "echo delta charlie | bravo Alpha");
  BOOST_TEST(walk("/api/tasks?limit=3&sort=updated_at") == "bravo delta echo | charlie Alpha");
  BOOST_TEST(walk("/api/tasks?limit=3&sort=updated_at&order=asc") == "Alpha charlie echo | delta bravo");
  BOOST_TEST(walk("/api/tasks?limit=3&sort=completed") == "bravo delta echo | charlie Alpha");
  BOOST_TEST(walk("/api/tasks?limit=3&sort=completed&order=asc") == "Alpha charlie echo | delta bravo");
}

BOOST_AUTO_TEST_CASE(without_a_limit_are_the_whole_list) {
  BOOST_TEST(walk("/api/tasks?sort=title") == "Alpha bravo charlie delta echo");
  BOOST_TEST(walk("/api/tasks?order=asc") == "delta Alpha charlie bravo echo");
  BOOST_TEST(walk("/api/tasks?sort=created_at&order=desc") == "echo bravo charlie Alpha delta");
}

BOOST_AUTO_TEST_CASE(show_what_is_searched_for) {
  BOOST_TEST(walk("/api/tasks?q=alpha") == "Alpha delta");
  BOOST_TEST(walk("/api/tasks?q=+ALPHA%20") == "Alpha delta");
  BOOST_TEST(walk("/api/tasks?q=alpha&limit=1") == "Alpha | delta");
  BOOST_TEST(walk("/api/tasks?q=a&sort=title&limit=2") == "Alpha bravo | charlie delta");
  BOOST_TEST(walk("/api/tasks?q=alpha&status=completed") == "delta");
  BOOST_TEST(walk("/api/tasks?q=%25") == "");
  BOOST_TEST(walk("/api/tasks?q=_") == "");
  BOOST_TEST(walk("/api/tasks?q=theirs") == "");
}

BOOST_AUTO_TEST_CASE(can_be_counted) {
  BOOST_TEST(titles("/api/tasks?limit=2&offset=1", alice) == "bravo charlie");
  BOOST_TEST(titles("/api/tasks?limit=2&offset=4", alice) == "delta");
  BOOST_TEST(titles("/api/tasks?limit=2&offset=1000000", alice) == "");
  BOOST_TEST(walk("/api/tasks?limit=2&offset=1") == "bravo charlie | Alpha delta");
}

BOOST_AUTO_TEST_CASE(lead_on_by_the_path_as_it_was_asked) {
  BOOST_TEST(
      next_of(send("GET", "/api/alice/tasks/?limit=1")).starts_with("/api/alice/tasks/?limit=1&cursor="));
  const std::string next = next_of(send("GET", "/api/tasks?limit=1&q=A&sort=title&status=pending&unknown=1"));
  BOOST_TEST(next.starts_with("/api/tasks?limit=1&status=active&sort=title&order=asc&q=A&cursor="), next);
  BOOST_TEST(header_of(*send("HEAD", "/api/tasks?limit=1"), "Link") ==
             header_of(*send("GET", "/api/tasks?limit=1"), "Link"));
  BOOST_TEST(header_of(*send("GET", "/api/tasks"), "Link").empty());
}

BOOST_AUTO_TEST_CASE(a_cursor_alone_leads_to_a_page_of_100) {
  for (int i = 0; i < 150; ++i) create("t", alice);
  std::string next = next_of(send("GET", "/api/tasks?limit=1"));
  next = "/api/tasks?" + next.substr(next.find("cursor="));
  BOOST_TEST(json_of(send("GET", next)).array()->size() == 100U);
  BOOST_TEST(next_of(send("GET", next)).starts_with("/api/tasks?limit=100&cursor="));
}

BOOST_AUTO_TEST_CASE(a_cursor_of_another_list_is_refused) {
  const std::string next = next_of(send("GET", "/api/tasks?limit=1"));
  const std::string cursor = next.substr(next.find("cursor="));
  BOOST_TEST(fault("?" + cursor) == "none");
  BOOST_TEST(fault("?status=all&sort=created_at&order=desc&" + cursor) == "none");
  for (const char* other : {"status=active", "order=asc", "sort=title", "sort=updated_at", "q=a"})
    BOOST_TEST(fault("?" + std::string(other) + "&" + cursor) == "cursor", other);
  BOOST_TEST(fault("?cursor=") == "cursor");
  BOOST_TEST(fault("?cursor=AAAA") == "cursor");
}

// Bob's own tasks, whoever the cursor was made for.
BOOST_AUTO_TEST_CASE(a_cursor_of_another_user_leads_to_no_task_of_theirs) {
  for (const char* order : {"", "&sort=title&order=desc", "&sort=updated_at", "&order=asc"}) {
    const std::string next = next_of(send("GET", "/api/tasks?limit=1" + std::string(order)));
    const std::string shown = titles(next, bob);
    BOOST_TEST((shown.empty() || shown == "theirs"), shown);
  }
}

BOOST_AUTO_TEST_CASE(other_values_are_refused_and_the_store_is_not_asked) {
  for (const char* value : {"", "0", "-1", "+1", "01", "1001", "1e2", "ten", " 1", "99999999999999999999"})
    BOOST_TEST(fault("?limit=" + percent_encode(value)) == "limit", value);
  for (const char* value : {"", "-1", "1000001", "00", "x"})
    BOOST_TEST(fault("?limit=1&offset=" + percent_encode(value)) == "offset", value);
  BOOST_TEST(fault("?offset=1") == "offset");
  BOOST_TEST(fault("?limit=1&offset=0&cursor=x") == "offset");
  for (const char* value : {"", "id", "Title", "created_at,title"})
    BOOST_TEST(fault("?sort=" + std::string(value)) == "sort", value);
  for (const char* value : {"", "ASC", "up", "-1"})
    BOOST_TEST(fault("?order=" + std::string(value)) == "order");
  for (const char* value : {"", "+", "%E3%80%80", "%00", "a%00b", "%FF", "%ED%A0%80"})
    BOOST_TEST(fault("?q=" + std::string(value)) == "q", value);
  BOOST_TEST(fault("?q=" + std::string(201, 'x')) == "q");
  for (const std::string name : {"limit=1", "offset=0", "sort=title", "order=asc", "q=a", "cursor=x"})
    BOOST_TEST(fault("?limit=1&" + name + "&" + name) == name.substr(0, name.find('=')), name);
  BOOST_TEST(store.calls.empty());
}

BOOST_AUTO_TEST_CASE(a_search_of_200_characters_is_taken) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\xF0\x9F\x98\x80";
  BOOST_TEST(fault("?q=" + percent_encode(text)) == "none");
  BOOST_TEST(fault("?q=+" + percent_encode(text) + "+") == "none");
}

// Each description comes whole, and in its place, whatever its length; a task that goes meanwhile is left
// out.
BOOST_AUTO_TEST_CASE(long_descriptions_come_behind_what_is_at_hand) {
  for (int i = 0; i < 300; ++i) {
    await(loop, store.create(alice, NewTask{.title = std::to_string(i),
                                            .description = std::string(i % 3 == 0 ? 9'000 : 5, 'x')}));
  }
  const std::string expected = whole_body(loop, *send("GET", "/api/tasks"));
  store.calls.clear();
  const auto page = send("GET", "/api/tasks?limit=1000");
  BOOST_REQUIRE(page->more);
  BOOST_TEST((whole_body(loop, *page) == expected));
  BOOST_TEST(store.calls.size() == 3U);  // the slice, and 100 descriptions in two reads
  const auto short_page = send("GET", "/api/tasks?limit=100");
  BOOST_TEST(!short_page->more);
  const auto again = send("GET", "/api/tasks?limit=1000");
  for (TaskId id = 7; id <= 306; id += 3) await(loop, store.remove(alice, id));
  BOOST_TEST(parse_json(whole_body(loop, *again)).value().array()->size() == 205U);
}

BOOST_AUTO_TEST_CASE(a_whole_list_in_another_order_comes_in_slices) {
  for (int i = 0; i < 11'000; ++i) await(loop, store.create(alice, NewTask{.title = "t", .description = {}}));
  for (const auto& [query, reads] : {std::pair("?order=asc", 12U), std::pair("?sort=title", 3U)}) {
    store.calls.clear();
    const auto list = send("GET", "/api/tasks" + std::string(query));
    BOOST_TEST(parse_json(whole_body(loop, *list)).value().array()->size() == 11'005U);
    BOOST_TEST(store.calls.size() == reads);
    BOOST_TEST(header_of(*list, "Link").empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
