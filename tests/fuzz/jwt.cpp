// Tokens. A text without a line break is a token as it comes. One with it is a header and claims that are
// signed here with the secret, or else no claim would ever be reached.

#include "auth/jwt.h"
#include "auth/base64url.h"
#include "auth/signature.h"
#include "base/utf8.h"
#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

namespace {

constexpr UnixTime kNow = 1795245300;  // the fixtures' tokens are valid then
const std::string kSecret = "0123456789abcdef0123456789abcdef-test-only";

// The secret of the fixtures, and the public keys of RFC 8037 (appendix A.2) and RFC 7515 (appendix A.3).
KeySet known_keys() {
  KeySet keys;
  keys.set_secrets({kSecret});
  for (
      const char* jwk : {
          R"({"kty":"OKP","crv":"Ed25519","kid":"ok1YZRNxq7ILBvnc9iN2XdybTxyjfUiS","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
          R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
      }) {
    require(keys.add_jwk(jwk, "", "", Algorithm::RS256).has_value(), "the target's own keys are good");
  }
  return keys;
}

void check(std::string_view token, const TokenRules& rules) {
  static const KeySet keys = known_keys();
  const auto verified = TokenVerifier::verify(token, keys, rules, kNow);
  if (!verified) return require(!sentence(verified.error()).empty(), "a fault has a sentence");
  const auto length = count_code_points(verified->user.value());
  require(length && *length >= 1 && *length <= 255, "a user id has 1 to 255 characters");
  require(verified->expires_at + rules.leeway.count() >= kNow, "an expired token is refused");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  for (const TokenRules& rules :
       {TokenRules{}, TokenRules{.issuer = "http://127.0.0.1:3951", .audience = "a"}}) {
    if (!text.contains('\n')) {
      check(text, rules);
      continue;
    }
    std::string_view claims = text;
    const std::string_view header = take_until(claims, '\n');
    const std::string input = encode_base64url(header) + '.' + encode_base64url(claims);
    check(input + '.' + encode_base64url(sign_hs256(kSecret, input)), rules);
  }
  const auto bytes = decode_base64url(text);
  require(!bytes || encode_base64url(*bytes) == text, "base64url has one form");
  require(decode_base64url(encode_base64url(text)) == text, "bytes come back from base64url");
  return 0;
}
