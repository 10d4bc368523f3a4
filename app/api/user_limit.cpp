#include "api/user_limit.h"

#include <algorithm>

#include "auth/keyed_hash.h"

namespace tasklane {

namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");

// A bucket that changes its user. Users' tags are odd.
constexpr std::uint64_t kBetweenUsers = 2;
// How often a bucket may be lost to another user before the request goes through uncounted.
constexpr int kTriesMax = 3;

}  // namespace

std::uint64_t UserLimit::hash(const UserId& user) const {
  return keyed_hash(buckets_->key, user.value());
}

bool UserLimit::admit(std::uint64_t hash, Time now) {
  const std::uint64_t tag = hash | 1;
  const auto at = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count());
  for (int tries = 0; tries < kTriesMax; ++tries) {
    UserBucket* const bucket = find(tag, at);
    if (bucket == nullptr) continue;
    const Outcome outcome = take_one(*bucket, tag, at);
    if (outcome != Outcome::lost) return outcome == Outcome::admitted;
  }
  return true;
}

// The user's bucket, or the one that has been full the longest, made the user's; nullptr: another user was
// faster.
UserBucket* UserLimit::find(std::uint64_t tag, std::uint64_t now) {
  auto& set = buckets_->sets[(tag >> 1) % buckets_->sets.size()];
  for (UserBucket& bucket : set) {
    if (bucket.tag.load(std::memory_order_acquire) == tag) return &bucket;
  }
  UserBucket& oldest = *std::ranges::min_element(
      set, {}, [](const UserBucket& bucket) { return bucket.full_at.load(std::memory_order_relaxed); });
  // The tag goes last: a worker that finds it finds the time that belongs to it.
  std::uint64_t before = oldest.tag.load(std::memory_order_relaxed);
  if (!oldest.tag.compare_exchange_strong(before, kBetweenUsers, std::memory_order_acq_rel)) return nullptr;
  oldest.full_at.store(now, std::memory_order_release);
  oldest.tag.store(tag, std::memory_order_release);
  return &oldest;
}

UserLimit::Outcome UserLimit::take_one(UserBucket& bucket, std::uint64_t tag, std::uint64_t now) const {
  std::uint64_t full_at = bucket.full_at.load(std::memory_order_acquire);
  while (true) {
    if (bucket.tag.load(std::memory_order_acquire) != tag) return Outcome::lost;
    const std::uint64_t from = std::max(full_at, now);
    if (from - now > limits::kUserBurstPerRate * kSecond - interval_) return Outcome::refused;
    if (bucket.full_at.compare_exchange_weak(full_at, from + interval_, std::memory_order_acq_rel,
                                             std::memory_order_acquire))
      return Outcome::admitted;
  }
}

}  // namespace tasklane
