// Sets of public keys, as a file or the issuer's table brings them.

#include "auth/key_set.h"
#include "base/limits.h"
#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  KeySet set;
  if (const auto loaded = set.add_jwk_set(text, Algorithm::RS256)) {
    require(loaded->keys == set.size() && set.size() <= limits::kKeySetKeysMax,
            "keys have a bound and are counted");
  } else {
    require(!loaded.error().empty(), "a refusal has a sentence");
  }
  for (const Algorithm rsa : {Algorithm::RS256, Algorithm::PS256}) {
    KeySet one;
    const auto added = one.add_jwk(text, "kid", "", rsa);
    require(one.size() == (added ? 1 : 0), "a key is added or refused");
    std::size_t found = 0;
    for (const Algorithm algorithm : {Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::ES512,
                                      Algorithm::RS256, Algorithm::PS256})
      found += one.find(algorithm, "kid").size();
    require(found == one.size(), "a key is bound to one algorithm");
    require(one.find(Algorithm::HS256, std::nullopt).empty(), "a public key is never a secret");
    KeySet again;
    require(again.add_jwk(text, "kid", "", rsa).has_value() == added.has_value() && again.same_keys(one),
            "the same text is the same key");
  }
  return 0;
}
