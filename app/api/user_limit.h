#pragma once
// The rate limit per user, over all workers (base/user_buckets.h): `per_second` requests, and
// limits::kUserBurstPerRate times as many at once. It is the generic cell rate algorithm (ITU-T I.371): a
// bucket is one time, at which it is full again, and each request puts that off by a request's share of a
// second.
//
// A user may be let through who should not be, never refused for what others do: when more than a set's
// places are in use at once a newcomer takes the oldest bucket, and its user begins anew.

#include <chrono>
#include <cstdint>

#include "auth/user_id.h"
#include "base/user_buckets.h"

namespace tasklane {

class UserLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  UserLimit() = default;  // no limit
  UserLimit(UserBuckets& buckets, int per_second)
      : buckets_(&buckets),
        interval_(per_second == 0 ? 0 : kSecond / static_cast<std::uint64_t>(per_second)) {}

  // Whether the user may have this request; if so, it counts.
  bool admit(const UserId& user, Time now) { return interval_ == 0 || admit(hash(user), now); }
  bool admit(std::uint64_t hash, Time now);

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;  // in nanoseconds
  enum class Outcome { admitted, refused, lost };          // lost: to another user meanwhile

  std::uint64_t hash(const UserId& user) const;
  UserBucket* find(std::uint64_t tag, std::uint64_t now);
  Outcome take_one(UserBucket& bucket, std::uint64_t tag, std::uint64_t now) const;

  UserBuckets* buckets_ = nullptr;
  std::uint64_t interval_ = 0;  // between two requests, in nanoseconds; 0: no limit
};

}  // namespace tasklane
