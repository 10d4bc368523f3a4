// What a worker knows of users' marks: when it looks, what it makes of what it finds.

#include "auth/user_marks.h"

#include <boost/test/unit_test.hpp>

#include "awaiting.h"
#include "base/event.h"
#include "users.h"

using namespace tasklane;
using namespace std::chrono_literals;
using Standing = UserMarks::Standing;

namespace {

struct FakeMarks : MarkSource {
  boost::asio::awaitable<Result<std::vector<UserMark>>> changed_since(std::int64_t change) override {
    asked.push_back(change);
    if (held) co_await held->wait();
    if (fails) co_return fail(ErrorType::internal_server_error, "permission denied");
    std::vector<UserMark> found;
    for (const UserMark& mark : marks) {
      if (mark.change > change && found.size() < limits::kMarksReadMax) found.push_back(mark);
    }
    co_return found;
  }

  std::vector<UserMark> marks;
  std::vector<std::int64_t> asked;
  std::shared_ptr<Event> held;
  bool fails = false;
};

struct MarksFixture {
  Result<void> know(UserMarks::Time time) { return await(loop, marks.know_at(time)); }
  Result<void> know() { return know(std::chrono::steady_clock::now()); }
  Standing standing(const std::string& user, double issued_at = 1000) {
    return marks.standing(
        {.user = user_named(user), .expires_at = 0, .by_public_key = false, .issued_at = issued_at});
  }

  boost::asio::io_context loop;
  FakeMarks* source = new FakeMarks;  // the marks'
  UserMarks marks{std::unique_ptr<MarkSource>(source), 3};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(user_marks, MarksFixture)

BOOST_AUTO_TEST_CASE(a_user_without_a_mark_is_in_good_standing) {
  source->marks = {{.user = "bob", .blocked = true, .change = 7}};
  BOOST_REQUIRE(know());
  BOOST_TEST((standing("alice") == Standing::good));
  BOOST_TEST((standing("bob") == Standing::blocked));
}

BOOST_AUTO_TEST_CASE(only_what_has_changed_is_read_and_once_a_second_at_most) {
  source->marks = {{.user = "bob", .blocked = true, .change = 7}};
  const auto now = std::chrono::steady_clock::now();
  BOOST_REQUIRE(know(now));
  BOOST_REQUIRE(know(now + 900ms));
  BOOST_TEST(source->asked == std::vector<std::int64_t>({0}), boost::test_tools::per_element());
  BOOST_TEST(marks.known_at(now));
  BOOST_TEST(!marks.known_at(now + 2s));
  source->marks.push_back({.user = "carol", .deleted = true, .change = 9});
  source->marks.front() = {.user = "bob", .change = 8};
  marks.look(loop.get_executor());
  BOOST_REQUIRE(run_until(loop, [&] { return source->asked.size() == 2; }));
  loop.restart();
  loop.poll();
  BOOST_TEST(source->asked.back() == 7);
  BOOST_TEST((standing("bob") == Standing::good));
  BOOST_TEST((standing("carol") == Standing::deleted));
  BOOST_TEST(marks.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_sign_out_refuses_tokens_from_before_and_those_that_do_not_say) {
  source->marks = {{.user = "bob", .signed_out_at = 1000.5, .change = 7}};
  BOOST_REQUIRE(know());
  BOOST_TEST((standing("bob", 999) == Standing::signed_out));
  BOOST_TEST((standing("bob", 1000) == Standing::signed_out));
  BOOST_TEST((standing("bob", VerifiedToken::kNotSaid) == Standing::signed_out));
  BOOST_TEST((standing("bob", 1001) == Standing::good));
  BOOST_TEST((standing("alice", VerifiedToken::kNotSaid) == Standing::good));
}

BOOST_AUTO_TEST_CASE(requests_share_a_look_and_one_that_began_too_early_is_followed_by_another) {
  source->held = std::make_shared<Event>(loop.get_executor());
  std::optional<Result<void>> first, second, later;
  const auto now = std::chrono::steady_clock::now();
  begin(loop, marks.know_at(now), first);
  begin(loop, marks.know_at(now), second);
  begin(loop, marks.know_at(now + 1500ms), later);
  loop.poll();
  BOOST_TEST(source->asked.size() == 1U);
  const auto held = std::exchange(source->held, nullptr);
  held->set();
  BOOST_REQUIRE(run_until(loop, [&] { return first && second; }));
  BOOST_TEST(first->has_value());
  BOOST_TEST(second->has_value());
  BOOST_REQUIRE(run_until(loop, [&] { return later.has_value(); }));
  BOOST_TEST(later->has_value());
  BOOST_TEST(source->asked.size() > 1U);
}

BOOST_AUTO_TEST_CASE(many_marks_are_read_in_pieces_and_the_oldest_deletions_are_forgotten) {
  for (std::int64_t change = 1; change <= static_cast<std::int64_t>(limits::kMarksReadMax) + 4; ++change)
    source->marks.push_back({.user = "user " + std::to_string(change), .deleted = true, .change = change});
  source->marks.push_back({.user = "bob", .blocked = true, .change = 1'000'000});
  BOOST_REQUIRE(know());
  BOOST_TEST(source->asked.size() == 2U);
  BOOST_TEST(marks.size() == 4U);
  BOOST_TEST((standing("user 5004") == Standing::deleted));
  BOOST_TEST((standing("user 5001") == Standing::good));
  BOOST_TEST((standing("bob") == Standing::blocked));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_no_knowledge) {
  source->fails = true;
  const auto known = know();
  BOOST_REQUIRE(!known);
  BOOST_TEST((known.error().type == ErrorType::service_unavailable));
  BOOST_TEST(!marks.known_at(std::chrono::steady_clock::now()));
  source->fails = false;
  BOOST_TEST(know().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(without_a_source_all_is_known) {
  UserMarks marks{nullptr};
  BOOST_TEST(marks.known_at(std::chrono::steady_clock::now()));
}
