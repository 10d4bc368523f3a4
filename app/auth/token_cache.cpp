#include "auth/token_cache.h"

#include <openssl/evp.h>

#include <stdexcept>

#include "auth/owned.h"

namespace tasklane {

// SHA-256 with the algorithm looked up once: OpenSSL 3's one-shot SHA256() looks it up at every call, which
// takes longer than hashing a token does (0.8 against 0.5 microseconds).
class TokenCache::Hasher {
 public:
  Hasher() : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!sha256_ || !context_) throw std::runtime_error("OpenSSL has no SHA-256");
  }

  Digest digest(std::string_view token) {
    Digest result;
    if (EVP_DigestInit_ex2(context_.get(), sha256_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), token.data(), token.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), result.data(), nullptr) != 1)
      throw std::runtime_error("OpenSSL cannot compute SHA-256");
    return result;
  }

 private:
  Owned<EVP_MD, EVP_MD_free> sha256_;
  Owned<EVP_MD_CTX, EVP_MD_CTX_free> context_;
};

TokenCache::TokenCache(std::size_t entries_max)
    : entries_max_(entries_max), hasher_(std::make_unique<Hasher>()) {}
TokenCache::~TokenCache() = default;

std::optional<UserId> TokenCache::find(std::string_view token, UnixTime now) {
  if (entries_.empty()) return std::nullopt;
  const auto found = entries_.find(hasher_->digest(token));
  if (found == entries_.end()) return std::nullopt;
  if (now < found->second.verified.expires_at) return found->second.verified.user;
  entries_.erase(found);  // its place in the ring is freed in its turn
  return std::nullopt;
}

// First in, first out: a hit then writes nothing, and a token that is still in use costs one more check in a
// whole round of the ring.
void TokenCache::put(std::string_view token, const VerifiedToken& verified) {
  if (entries_max_ == 0) return;
  const Digest digest = hasher_->digest(token);
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
