// One test, at least, for each rule a token must keep.

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "auth/token_issuer.h"
#include "auth_fixtures.h"
#include "base/limits.h"

using namespace tasklane;
using namespace fixtures;
using namespace std::chrono_literals;

namespace {

const std::string kHeader = R"({"alg":"HS256"})";
const std::string kClaims = R"({"sub":"alice","exp":1795245400})";

std::string header_verdict(std::string_view header) {
  return verdict(forge(header, kClaims), secret_only());
}

std::string claims_verdict(std::string_view claims, const TokenRules& rules = {}, UnixTime now = kNow) {
  return verdict(forge(kHeader, claims), secret_only(), rules, now);
}

std::string said(TokenFault fault) {
  return std::string(sentence(fault));
}

std::string subject_of(std::string_view claims) {
  const auto verified = TokenVerifier::verify(forge(kHeader, claims), secret_only(), {}, kNow);
  return verified ? verified->user.value() : std::string(sentence(verified.error()));
}

std::string claims_with_times(const std::string& exp, const std::string& more = "") {
  return "{\"sub\":\"alice\",\"exp\":" + exp + more + '}';
}

}  // namespace

BOOST_AUTO_TEST_SUITE(jwt)

BOOST_AUTO_TEST_CASE(accepts_the_least_a_token_can_have) {
  const auto verified = TokenVerifier::verify(forge(kHeader, kClaims), secret_only(), {}, kNow);
  BOOST_REQUIRE(verified);
  BOOST_TEST(verified->user.value() == "alice");
  BOOST_TEST(verified->expires_at == 1795245400);
}

BOOST_AUTO_TEST_CASE(accepts_a_signature_by_any_version_of_the_secret_and_by_none_that_is_gone) {
  const std::string newer(40, 'n'), gone(40, 'g');
  KeySet keys;
  keys.set_secrets({newer, kSecret});
  BOOST_TEST(verdict(forge(kHeader, kClaims, newer), keys) == "");
  BOOST_TEST(verdict(forge(kHeader, kClaims), keys) == "");
  BOOST_TEST(verdict(forge(kHeader, kClaims, gone), keys) == said(TokenFault::bad_signature));
}

BOOST_AUTO_TEST_CASE(refuses_what_has_not_three_parts) {
  const std::string token = forge(kHeader, kClaims);
  for (const std::string& text : {std::string(), std::string("abc"), std::string("."), std::string("a.b"),
                                  token + ".", token + ".e30", "." + token, std::string("....")}) {
    BOOST_TEST(verdict(text, secret_only()) == said(TokenFault::not_a_jwt), text);
  }
}

BOOST_AUTO_TEST_CASE(refuses_parts_that_are_not_strict_base64url) {
  const std::string token = forge(kHeader, kClaims);
  const auto dot = token.find('.');
  for (const char odd : {'=', ' ', '\n', '+', '/', '\0'}) {
    for (const std::size_t at : {std::size_t{0}, dot, dot + 1, token.size()}) {
      std::string text = token;
      text.insert(at, 1, odd);
      BOOST_TEST(verdict(text, secret_only()) != "", "byte " << int(odd) << " at " << at);
    }
  }
  BOOST_TEST(verdict("=" + token, secret_only()) == said(TokenFault::malformed));
  BOOST_TEST(verdict(token + "=", secret_only()) == said(TokenFault::malformed));
}

BOOST_AUTO_TEST_CASE(refuses_a_respelled_signature) {
  // The last of 43 characters carries two unused bits: other decoders take four spellings of one signature.
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string token = forge(kHeader, kClaims);
  const auto value = alphabet.find(token.back());
  BOOST_REQUIRE_EQUAL(value % 4, 0U);
  for (std::size_t bits = 1; bits < 4; ++bits) {
    token.back() = alphabet[value + bits];
    BOOST_TEST(verdict(token, secret_only()) == said(TokenFault::malformed));
  }
}

BOOST_AUTO_TEST_CASE(refuses_parts_that_are_not_json_objects) {
  for (const auto* part :
       {"", "null", "[]", "\"x\"", "7", "{", R"({"alg":"HS256"} x)", R"({"alg":"HS256","alg":"none"})",
        "\xEF\xBB\xBF{\"alg\":\"HS256\"}", "{\"alg\":\"HS256\",\"x\":\"\xFF\"}"}) {
    BOOST_TEST(header_verdict(part) == said(TokenFault::malformed), part);
    BOOST_TEST(claims_verdict(part) == said(TokenFault::malformed), part);
  }
  BOOST_TEST(claims_verdict(R"({"sub":"alice","sub":"bob","exp":1795245400})") ==
             said(TokenFault::malformed));
}

BOOST_AUTO_TEST_CASE(refuses_an_oversized_token_before_reading_it) {
  const std::string token = forge(kHeader, kClaims);
  BOOST_TEST(verdict(token + std::string(limits::kAuthorizationMaxBytes, 'A'), secret_only()) ==
             said(TokenFault::malformed));
  std::string padded =
      forge(kHeader, R"({"sub":"alice","exp":1795245400,"x":")" + std::string(10'000, 'x') + "\"}");
  BOOST_TEST(verdict(padded, secret_only()) == "");
}

BOOST_AUTO_TEST_CASE(refuses_alg_none_in_every_spelling) {
  for (const auto* alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = std::string(R"({"alg":")") + alg + "\"}";
    const std::string unsigned_token = encode_base64url(header) + '.' + encode_base64url(kClaims) + '.';
    BOOST_TEST(verdict(unsigned_token, secret_only()) == said(TokenFault::unlisted_algorithm), alg);
    BOOST_TEST(header_verdict(header) == said(TokenFault::unlisted_algorithm), alg);
  }
}

BOOST_AUTO_TEST_CASE(refuses_an_alg_that_is_missing_or_no_string) {
  for (const auto* header :
       {"{}", R"({"alg":null})", R"({"alg":256})", R"({"alg":["HS256"]})", R"({"ALG":"HS256"})"}) {
    BOOST_TEST(header_verdict(header) == said(TokenFault::malformed), header);
  }
}

BOOST_AUTO_TEST_CASE(refuses_unlisted_algorithms) {
  for (const auto* alg : {"HS384", "HS512", "RS384", "RS512", "PS384", "PS512", "ES256K", "Ed448", "hs256"}) {
    BOOST_TEST(
        header_verdict(std::string(R"({"alg":")") + alg + "\"}") == said(TokenFault::unlisted_algorithm),
        alg);
  }
}

BOOST_AUTO_TEST_CASE(refuses_critical_headers_whatever_they_say) {
  for (const auto* header :
       {R"({"alg":"HS256","crit":["exp"],"exp":1})", R"({"alg":"HS256","crit":[]})",
        R"({"alg":"HS256","crit":null})", R"({"alg":"HS256","b64":false,"crit":["b64"]})",
        R"({"alg":"HS256","b64":true})"}) {
    BOOST_TEST(header_verdict(header) == said(TokenFault::critical_header), header);
  }
}

BOOST_AUTO_TEST_CASE(accepts_typ_only_when_absent_or_that_of_a_token_for_an_api) {
  const auto with_typ = [](const std::string& typ) {
    return header_verdict(R"({"alg":"HS256","typ":)" + typ + '}');
  };
  for (const std::string typ :
       {"JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "application/jwt", "Application/JWT", "application/at+jwt"})
    BOOST_TEST(with_typ('"' + typ + '"') == "", typ);
  for (const auto* typ :
       {"\"better-auth.session-cache+jwt\"", "\"\"", "\"JWS\"", "null", "7", "[\"JWT\"]", "\"application/\"",
        "\"application/application/jwt\"", "\"text/jwt\"", "\"/jwt\"", "\" jwt\"", "\"jwt \"", "\"+jwt\"",
        "\"id+jwt\"", "\"logout+jwt\"", "\"dpop+jwt\"", "\"application/better-auth.session-cache+jwt\""})
    BOOST_TEST(with_typ(typ) == said(TokenFault::wrong_type), typ);
}

BOOST_AUTO_TEST_CASE(ignores_the_kid_of_a_token_signed_with_the_secret) {
  BOOST_TEST(header_verdict(R"({"alg":"HS256","kid":"any"})") == "");
  BOOST_TEST(header_verdict(R"({"alg":"HS256","kid":7})") == said(TokenFault::malformed));
}

BOOST_AUTO_TEST_CASE(refuses_a_token_signed_with_another_secret) {
  BOOST_TEST(verdict(forge(kHeader, kClaims, "another-secret-of-enough-length!"), secret_only()) ==
             said(TokenFault::bad_signature));
  BOOST_TEST(verdict(forge(kHeader, kClaims, ""), secret_only()) == said(TokenFault::bad_signature));
}

BOOST_AUTO_TEST_CASE(refuses_hs256_when_there_is_no_secret) {
  BOOST_TEST(verdict(forge(kHeader, kClaims, ""), KeySet()) == said(TokenFault::unlisted_algorithm));
}

BOOST_AUTO_TEST_CASE(reads_the_subject_as_it_is) {
  BOOST_TEST(subject_of(R"({"sub":"1","exp":1795245400})") == "1");
  BOOST_TEST(subject_of(R"({"sub":" a b\u00e9 ","exp":1795245400})") == " a b\xC3\xA9 ");
  const std::string longest = std::string(254, 'x') + "\xF0\x9F\x98\x80";  // 255 code points, 258 bytes
  BOOST_TEST(subject_of("{\"sub\":\"" + longest + "\",\"exp\":1795245400}") == longest);
}

BOOST_AUTO_TEST_CASE(refuses_a_token_without_a_usable_subject) {
  const std::string too_long = "\"" + std::string(256, 'x') + "\"";
  for (const std::string& sub :
       {std::string("\"\""), std::string("7"), std::string("null"), std::string("[\"alice\"]"),
        std::string("{}"), std::string("true"), too_long}) {
    BOOST_TEST(claims_verdict("{\"sub\":" + sub + ",\"exp\":1795245400}") == said(TokenFault::no_subject),
               sub);
  }
  // No other claim stands in for it.
  BOOST_TEST(claims_verdict(R"({"userId":"alice","id":"alice","user":{"id":"alice"},"exp":1795245400})") ==
             said(TokenFault::no_subject));
  BOOST_TEST(claims_verdict(R"({"sub":"ali\u0000ce","exp":1795245400})") == said(TokenFault::malformed));
  BOOST_TEST(claims_verdict(R"({"sub":"\uD800","exp":1795245400})") == said(TokenFault::malformed));
}

BOOST_AUTO_TEST_CASE(refuses_a_token_without_a_usable_expiry) {
  for (const auto* claims :
       {R"({"sub":"alice"})", R"({"sub":"alice","exp":"1795245400"})", R"({"sub":"alice","exp":null})",
        R"({"sub":"alice","exp":true})", R"({"sub":"alice","exp":[1795245400]})"}) {
    BOOST_TEST(claims_verdict(claims) == said(TokenFault::no_expiry), claims);
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_token_from_the_second_it_expires_plus_the_leeway) {
  const std::string claims = claims_with_times("1795245400");
  const TokenRules exact{.issuer = {}, .audience = {}, .leeway = 0s};
  BOOST_TEST(claims_verdict(claims, exact, 1795245399) == "");
  BOOST_TEST(claims_verdict(claims, exact, 1795245400) == said(TokenFault::expired));
  const TokenRules lenient{};  // 30 s
  BOOST_TEST(claims_verdict(claims, lenient, 1795245429) == "");
  BOOST_TEST(claims_verdict(claims, lenient, 1795245430) == said(TokenFault::expired));
}

BOOST_AUTO_TEST_CASE(takes_an_expiry_with_a_fraction) {
  const TokenRules exact{.issuer = {}, .audience = {}, .leeway = 0s};
  const std::string claims = claims_with_times("1795245400.5");
  BOOST_TEST(claims_verdict(claims, exact, 1795245400) == "");
  BOOST_TEST(claims_verdict(claims, exact, 1795245401) == said(TokenFault::expired));
  const auto verified = TokenVerifier::verify(forge(kHeader, claims), secret_only(), exact, 1795245399);
  BOOST_TEST(verified.value().expires_at == 1795245400);  // rounded down
  BOOST_TEST(claims_verdict(claims_with_times("1.7952454005e9"), exact, 1795245400) == "");
}

BOOST_AUTO_TEST_CASE(survives_times_far_outside_the_calendar) {
  for (const auto* exp :
       {"1e300", "1.7976931348623157e308", "9223372036854775807", "18446744073709551616", "1e18"}) {
    BOOST_TEST(claims_verdict(claims_with_times(exp)) == "", exp);
    BOOST_TEST(claims_verdict(claims_with_times("1795245400", std::string(",\"iat\":") + exp)) ==
                   said(TokenFault::not_yet_valid),
               exp);
  }
  for (const auto* exp : {"0", "-1", "-1e300", "-9223372036854775808", "0.0000001"}) {
    BOOST_TEST(claims_verdict(claims_with_times(exp)) == said(TokenFault::expired), exp);
    BOOST_TEST(claims_verdict(claims_with_times("1795245400", std::string(",\"nbf\":") + exp)) == "", exp);
  }
  BOOST_TEST(claims_verdict(claims_with_times("1e309")) == said(TokenFault::no_expiry));
}

BOOST_AUTO_TEST_CASE(cuts_an_expiry_that_no_integer_holds) {
  const std::string token = forge(kHeader, claims_with_times("1e300"));
  const auto verified = TokenVerifier::verify(token, secret_only(), {}, kNow);
  BOOST_TEST(verified.value().expires_at == std::int64_t{1} << 53);
}

BOOST_AUTO_TEST_CASE(refuses_a_token_from_the_future_past_the_leeway) {
  const TokenRules exact{.issuer = {}, .audience = {}, .leeway = 0s};
  for (const std::string claim : {"nbf", "iat"}) {
    const auto claims = [&](const std::string& time) {
      return claims_with_times("1795249000", ",\"" + claim + "\":" + time);
    };
    BOOST_TEST(claims_verdict(claims("1795245300"), exact) == "", claim);
    BOOST_TEST(claims_verdict(claims("1795245300.5"), exact) == said(TokenFault::not_yet_valid), claim);
    BOOST_TEST(claims_verdict(claims("1795245301"), exact) == said(TokenFault::not_yet_valid), claim);
    BOOST_TEST(claims_verdict(claims("1795245330")) == "", claim);
    BOOST_TEST(claims_verdict(claims("1795245331")) == said(TokenFault::not_yet_valid), claim);
    for (const auto* odd : {"\"1795245300\"", "null", "true", "[]"}) {
      BOOST_TEST(claims_verdict(claims(odd)) == said(TokenFault::malformed), claim << ' ' << odd);
    }
  }
}

BOOST_AUTO_TEST_CASE(compares_the_issuer_when_one_is_configured) {
  const TokenRules rules{.issuer = "https://app.example.com", .audience = {}};
  const auto with_issuer = [](const std::string& iss) {
    return claims_with_times("1795245400", ",\"iss\":" + iss);
  };
  BOOST_TEST(claims_verdict(with_issuer("\"https://app.example.com\""), rules) == "");
  BOOST_TEST(claims_verdict(with_issuer("\"https://evil.example\"")) == "");  // none configured
  for (const auto* iss : {"\"https://app.example.com/\"", "\"HTTPS://App.example.com:443\""})
    BOOST_TEST(claims_verdict(with_issuer(iss), rules) == "", iss);
  const TokenRules with_slash{.issuer = "https://APP.example.com:443/", .audience = {}};
  BOOST_TEST(claims_verdict(with_issuer("\"https://app.example.com\""), with_slash) == "");
  for (const auto* iss : {"\"https://app.example.com/a\"", "\"http://app.example.com\"", "\"\"", "null",
                          "[\"https://app.example.com\"]"}) {
    BOOST_TEST(claims_verdict(with_issuer(iss), rules) == said(TokenFault::wrong_issuer), iss);
  }
  BOOST_TEST(claims_verdict(kClaims, rules) == said(TokenFault::wrong_issuer));
}

BOOST_AUTO_TEST_CASE(wants_the_audience_named_alone_or_in_a_list_when_one_is_configured) {
  const TokenRules rules{.issuer = {}, .audience = "https://api.example"};
  const auto with_audience = [](const std::string& aud) {
    return claims_with_times("1795245400", ",\"aud\":" + aud);
  };
  for (const auto* aud :
       {"\"https://api.example\"", R"(["https://api.example","x"])", R"([7,"https://api.example"])",
        "\"https://api.example/\"", R"(["x","https://API.example:443"])"}) {
    BOOST_TEST(claims_verdict(with_audience(aud), rules) == "", aud);
  }
  for (const auto* aud : {"\"better-auth:session-cache\"", "\"https://api.example/v2\"", "[]", R"(["x"])",
                          "null", "{}", R"([["https://api.example"]])", R"({"https://api.example":true})"}) {
    BOOST_TEST(claims_verdict(with_audience(aud), rules) == said(TokenFault::wrong_audience), aud);
  }
  BOOST_TEST(claims_verdict(kClaims, rules) == said(TokenFault::wrong_audience));
}

BOOST_AUTO_TEST_CASE(has_a_sentence_of_its_own_for_every_fault) {
  std::vector<std::string_view> sentences;
  for (auto fault = TokenFault::not_a_jwt; fault <= TokenFault::wrong_audience;
       fault = static_cast<TokenFault>(static_cast<int>(fault) + 1)) {
    BOOST_TEST(std::ranges::count(sentences, sentence(fault)) == 0);
    sentences.push_back(sentence(fault));
  }
  BOOST_TEST(sentences.size() == 13U);
}

BOOST_AUTO_TEST_CASE(accepts_the_tokens_it_issues) {
  const TokenClaims claims{.subject = "al\"ice\xC3\xA9",
                           .issued_at = kNow,
                           .expires_at = kNow + 3600,
                           .issuer = "https://app.example.com",
                           .audience = "https://api.example"};
  const std::string token = issue_token(claims, kSecret);
  BOOST_TEST(decode_base64url(token.substr(0, token.find('.'))).value() == R"({"alg":"HS256","typ":"JWT"})");
  const TokenRules rules{.issuer = "https://app.example.com", .audience = "https://api.example"};
  const auto verified = TokenVerifier::verify(token, secret_only(), rules, kNow);
  BOOST_REQUIRE(verified);
  BOOST_TEST(verified->user.value() == claims.subject);
  BOOST_TEST(verified->expires_at == claims.expires_at);
}

BOOST_AUTO_TEST_CASE(issues_no_issuer_or_audience_that_is_empty) {
  const TokenClaims claims{.subject = "alice", .issued_at = 1, .expires_at = 2, .issuer = {}, .audience = {}};
  const std::string token = issue_token(claims, kSecret);
  const auto first = token.find('.'), second = token.rfind('.');
  BOOST_TEST(decode_base64url(token.substr(first + 1, second - first - 1)).value() ==
             R"({"sub":"alice","iat":1,"exp":2})");
}

BOOST_AUTO_TEST_SUITE_END()
