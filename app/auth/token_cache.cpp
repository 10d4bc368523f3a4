#include "auth/token_cache.h"

namespace tasklane {

const VerifiedToken* TokenCache::find(std::string_view token, UnixTime now) {
  if (entries_.empty()) return nullptr;
  const auto found = entries_.find(sha256(token));
  if (found == entries_.end()) return nullptr;
  if (now < found->second.verified.expires_at) return &found->second.verified;
  entries_.erase(found);  // its place in the ring is freed in its turn
  return nullptr;
}

// First in, first out: a hit then writes nothing, and a token that is still in use costs one more check in a
// whole round of the ring.
void TokenCache::put(std::string_view token, const VerifiedToken& verified) {
  if (entries_max_ == 0) return;
  const Sha256 digest = sha256(token);
  if (const auto found = entries_.find(digest); found != entries_.end()) {
    found->second.verified = verified;
    return;
  }
  if (order_.size() < entries_max_) {
    entries_.emplace(digest, Entry{verified, order_.size()});
    order_.push_back(digest);
    return;
  }
  const auto oldest = entries_.find(order_[next_]);
  // It may have expired, and even have been put again at a later place.
  if (oldest != entries_.end() && oldest->second.place == next_) entries_.erase(oldest);
  order_[next_] = digest;
  entries_.emplace(digest, Entry{verified, next_});
  next_ = (next_ + 1) % entries_max_;
}

void TokenCache::clear() {
  entries_.clear();
  order_.clear();
  next_ = 0;
}

}  // namespace tasklane
