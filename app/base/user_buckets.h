#pragma once
// The table behind the rate limit per user, in the memory that all workers share: a bucket per user, found by
// a keyed hash of the id. Bounded: a set of buckets takes the users whose hashes meet there, and a newcomer
// takes the place of the one that has been full the longest. api/user_limit.h has the rules.

#include <array>
#include <atomic>
#include <cstdint>

#include "base/limits.h"

namespace tasklane {

// Lock-free, and trivially empty. A worker may be killed between any two steps.
struct UserBucket {
  std::atomic<std::uint64_t> tag;      // the user's hash; 0: unused
  std::atomic<std::uint64_t> full_at;  // CLOCK_MONOTONIC in nanoseconds: when it has all its requests again
};

struct UserBuckets {
  using Set = std::array<UserBucket, limits::kUserBucketsPerSet>;
  std::array<unsigned char, 16> key;  // random, of this master: users cannot aim at another's set
  std::array<Set, limits::kUserBucketSets> sets;
};

}  // namespace tasklane
