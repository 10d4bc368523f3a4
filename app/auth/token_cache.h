#pragma once
// Tokens that were verified lately, so that a signature is checked once and not at every request. Bounded;
// the oldest entry makes room. Forgets everything when the keys change. An entry never outlives its token's
// "exp". Keyed by the whole token's SHA-256: a digest in memory cannot be replayed, a token could.

#include <cstring>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/jwt.h"
#include "auth/sha256.h"

namespace tasklane {

class TokenCache {
 public:
  // 0 entries: never remembers anything.
  explicit TokenCache(std::size_t entries_max) : entries_max_(entries_max) {}

  // What was put for this token, unless it has expired at `now` (its "exp" exactly, no leeway); otherwise
  // null. Valid until the cache changes.
  const VerifiedToken* find(std::string_view token, UnixTime now);
  void put(std::string_view token, const VerifiedToken& verified);
  void clear();
  std::size_t size() const { return entries_.size(); }

 private:
  // The digest is uniform already: its first bytes are a hash.
  struct DigestHash {
    std::size_t operator()(const Sha256& digest) const {
      std::size_t hash;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };
  struct Entry {
    VerifiedToken verified;
    std::size_t place;  // in order_
  };

  std::size_t entries_max_;
  std::unordered_map<Sha256, Entry, DigestHash> entries_;
  std::vector<Sha256> order_;  // a ring: who came when; grows up to entries_max_
  std::size_t next_ = 0;       // the ring's oldest place once it is full
};

}  // namespace tasklane
