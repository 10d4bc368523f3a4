#include "auth/token_issuer.h"

#include "auth/base64url.h"
#include "auth/signature.h"
#include "json/json_writer.h"

namespace tasklane {

std::string issue_token(const TokenClaims& claims, std::string_view secret) {
  JsonWriter header;
  header.begin_object();
  header.member("alg", spelling(Algorithm::HS256));
  header.member("typ", "JWT");
  header.end_object();

  JsonWriter payload;
  payload.begin_object();
  payload.member("sub", claims.subject);
  payload.member("iat", claims.issued_at);
  payload.member("exp", claims.expires_at);
  if (!claims.issuer.empty()) payload.member("iss", claims.issuer);
  if (!claims.audience.empty()) payload.member("aud", claims.audience);
  payload.end_object();

  const std::string signing_input = encode_base64url(header.take()) + '.' + encode_base64url(payload.take());
  return signing_input + '.' + encode_base64url(sign_hs256(secret, signing_input));
}

}  // namespace tasklane
