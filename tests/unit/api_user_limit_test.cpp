// The rate limit per user in virtual time, and at once from several processes.

#include "api/user_limit.h"

#include <sys/wait.h>

#include <boost/test/unit_test.hpp>

#include "api_fixture.h"

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

// Some hashes of one set, the set's number in their low bits.
std::uint64_t hash_in(std::uint64_t set, std::uint64_t user) {
  return ((user + 1) * limits::kUserBucketSets + set) << 1 | 1;
}

struct Fixture {
  Metrics memory = Metrics::create();
  UserBuckets& buckets = memory.layout().user_buckets;
  UserLimit::Time now{1h};

  int admitted(UserLimit limit, std::uint64_t hash, int asked) {
    int count = 0;
    for (int i = 0; i < asked; ++i) count += limit.admit(hash, now) ? 1 : 0;
    return count;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(user_limit, Fixture)

BOOST_AUTO_TEST_CASE(without_a_rate_everything_goes_through) {
  const UserId alice = user_named("alice");
  for (UserLimit limit : {UserLimit(), UserLimit(buckets, 0)})
    for (int i = 0; i < 1000; ++i) BOOST_TEST(limit.admit(alice, now));
  for (const auto& set : buckets.sets)
    for (const UserBucket& bucket : set) BOOST_REQUIRE(bucket.tag == 0U);
}

BOOST_AUTO_TEST_CASE(admits_twice_the_rate_at_once_then_the_rate) {
  for (const int rate : {1, 3, 10, 1000, 100'000}) {
    const auto hash = hash_in(1, static_cast<std::uint64_t>(rate));
    const UserLimit limit(buckets, rate);
    BOOST_TEST(admitted(limit, hash, 3 * rate) == 2 * rate);
    now += 1s;
    BOOST_TEST(admitted(limit, hash, 3 * rate) == rate);
    now += std::chrono::nanoseconds(1s) / rate + 1ns;
    BOOST_TEST(admitted(limit, hash, 3) == 1);
    now += 10min;
    BOOST_TEST(admitted(limit, hash, 3 * rate) == 2 * rate);
  }
}

BOOST_AUTO_TEST_CASE(a_refused_request_costs_nothing) {
  const UserLimit limit(buckets, 10);
  admitted(limit, hash_in(0, 0), 1000);
  now += 100ms;
  BOOST_TEST(admitted(limit, hash_in(0, 0), 1) == 1);
}

BOOST_AUTO_TEST_CASE(users_do_not_affect_each_other) {
  UserLimit limit(buckets, 5);
  const UserId alice = user_named("alice"), bob = user_named("bob");
  for (int i = 0; i < 10; ++i) BOOST_TEST(limit.admit(alice, now));
  BOOST_TEST(!limit.admit(alice, now));
  BOOST_TEST(limit.admit(bob, now));
}

BOOST_AUTO_TEST_CASE(a_full_set_forgets_the_user_that_has_been_full_the_longest) {
  const UserLimit limit(buckets, 5);
  for (std::uint64_t user = 0; user < limits::kUserBucketsPerSet; ++user) {
    now += 1ms;
    BOOST_TEST(admitted(limit, hash_in(7, user), 20) == 10);
  }
  BOOST_TEST(admitted(limit, hash_in(7, 100), 20) == 10);  // a newcomer is never refused for others
  BOOST_TEST(admitted(limit, hash_in(7, 1), 1) == 0);
  BOOST_TEST(admitted(limit, hash_in(7, 0), 20) == 10);  // it was forgotten
  BOOST_TEST(admitted(limit, hash_in(8, 100), 20) == 10);
}

BOOST_AUTO_TEST_CASE(a_place_that_was_left_between_two_users_is_taken_again) {
  for (UserBucket& bucket : buckets.sets[7]) bucket.tag = 2;  // its worker was killed
  BOOST_TEST(admitted(UserLimit(buckets, 5), hash_in(7, 1), 20) == 10);
}

BOOST_AUTO_TEST_CASE(another_rate_counts_at_once) {
  BOOST_TEST(admitted(UserLimit(buckets, 100), hash_in(0, 0), 1000) == 200);
  BOOST_TEST(admitted(UserLimit(buckets, 1), hash_in(0, 0), 10) == 0);
  now += 2s;
  BOOST_TEST(admitted(UserLimit(buckets, 1), hash_in(0, 0), 10) == 2);
}

BOOST_AUTO_TEST_CASE(each_master_has_another_key) {
  Metrics other = Metrics::create();
  BOOST_TEST((other.layout().user_buckets.key != buckets.key));
}

// One user asks four processes at the same time, and others come and go in the same set.
BOOST_AUTO_TEST_CASE(counts_over_several_processes) {
  constexpr int kProcesses = 4, kRate = 500;
  Metrics counts = Metrics::create();
  BOOST_REQUIRE(
      UserLimit(buckets, kRate).admit(hash_in(3, 0), now));  // else two could make its bucket at once
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child > 0) continue;
    const auto others = static_cast<std::uint64_t>(process);
    UserLimit limit(buckets, kRate);
    for (int i = 0; i < 4 * kRate; ++i) {
      if (limit.admit(hash_in(3, 0), now)) add(counts.layout().reloads_done);
      limit.admit(hash_in(3, 10 + others), now - 1min);  // full long ago: its place is free for the next
    }
    ::_exit(0);
  }
  for (int process = 0; process < kProcesses; ++process) BOOST_REQUIRE(::wait(nullptr) > 0);
  BOOST_TEST(read(counts.layout().reloads_done) + 1 == 2U * kRate);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(requests_of_a_limited_user, ApiFixture)

BOOST_AUTO_TEST_CASE(are_answered_429_before_any_work) {
  Api limited{authenticator,
              store,
              operations,
              own,
              kInFlightMax,
              std::chrono::seconds(1),
              UserLimit(metrics.layout().user_buckets, 1)};
  const auto ask = [&](const std::string& user) {
    Request request = make_request("GET", "/api/tasks");
    request.authorization = keep("Bearer " + token_of(user));
    return await(loop, limited.handle(std::move(request)));
  };
  for (int i = 0; i < 2; ++i) BOOST_TEST(ask("alice").status == 200);
  const std::size_t calls = store.calls.size();
  const Response refused = ask("alice");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(kind_of(refused) == "rate_limited");
  BOOST_TEST(header_of(refused, "Retry-After") == "1");
  BOOST_TEST(store.calls.size() == calls);
  BOOST_TEST(read(own.user_rate_rejections) == 1U);
  BOOST_TEST(ask("bob").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
