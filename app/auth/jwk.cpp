#include "auth/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>

#include "auth/base64url.h"
#include "auth/owned.h"

namespace tasklane {

namespace {

using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using BigNumber = Owned<BIGNUM, BN_free>;
using ParamBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = Owned<OSSL_PARAM, OSSL_PARAM_free>;

// A usable key and the algorithm that its type and curve stand for.
struct Material {
  KeyMaterial key;
  Algorithm algorithm;
};
using ReadMaterial = std::expected<Material, std::string>;

struct Curve {
  std::string_view crv;
  std::size_t field_bytes;
  Algorithm algorithm;
};
constexpr std::array kCurves = {Curve{"P-256", 32, Algorithm::ES256}, Curve{"P-384", 48, Algorithm::ES384},
                                Curve{"P-521", 66, Algorithm::ES512}};

// RFC 7518 section 3.3 wants 2048 bits; OpenSSL verifies up to 16384, at a cost no token is worth.
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr int kRsaExponentBitsMax = 64;

std::unexpected<std::string> fault(std::string_view sentence) {
  return std::unexpected(std::string(sentence));
}

const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view text_member(const JsonValue& jwk, std::string_view name) {
  const JsonValue* member = jwk.find(name);
  const std::string* text = member != nullptr ? member->string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

// Empty when it is not there, no text, or no base64url.
std::string binary_member(const JsonValue& jwk, std::string_view name) {
  return decode_base64url(text_member(jwk, name)).value_or(std::string());
}

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) {
  return key == nullptr ? nullptr : std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

std::shared_ptr<EVP_PKEY> from_params(const char* type, OSSL_PARAM* params) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return nullptr;
  return share(key);
}

ReadMaterial read_okp(const JsonValue& jwk) {
  if (text_member(jwk, "crv") != "Ed25519") return fault("the crv of an OKP key must be Ed25519");
  const std::string x = binary_member(jwk, "x");
  if (x.size() != 32) return fault("x must have 32 bytes");
  const auto key = read_ed25519_key(x);
  if (!key) return fault("the Ed25519 key is not valid");
  return Material{*key, Algorithm::EdDSA};
}

ReadMaterial read_ec(const JsonValue& jwk) {
  const auto curve = std::ranges::find(kCurves, text_member(jwk, "crv"), &Curve::crv);
  if (curve == kCurves.end()) return fault("the crv of an EC key must be P-256, P-384 or P-521");
  const std::string x = binary_member(jwk, "x");
  const std::string y = binary_member(jwk, "y");
  if (x.size() != curve->field_bytes || y.size() != curve->field_bytes)
    return fault("x and y must each be as long as the curve's field");
  std::string group(curve->crv);
  std::string point = '\x04' + x + y;  // SEC 1 section 2.3.3, uncompressed
  std::array params = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                       OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                       OSSL_PARAM_construct_end()};
  auto key = from_params("EC", params.data());
  if (!key) return fault("the point is not on its curve");
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return fault("the point is not on its curve");
  return Material{std::move(key), curve->algorithm};
}

ReadMaterial read_rsa(const JsonValue& jwk, Algorithm algorithm) {
  const std::string n_bytes = binary_member(jwk, "n");
  const std::string e_bytes = binary_member(jwk, "e");
  if (n_bytes.size() > kRsaBitsMax / 8 + 1 || e_bytes.size() > kRsaExponentBitsMax / 8 + 1)
    return fault("n or e is too large");
  const BigNumber n(BN_bin2bn(bytes(n_bytes), static_cast<int>(n_bytes.size()), nullptr));
  const BigNumber e(BN_bin2bn(bytes(e_bytes), static_cast<int>(e_bytes.size()), nullptr));
  if (!n || !e) return fault("n or e cannot be read");
  const int bits = BN_num_bits(n.get());
  if (bits < kRsaBitsMin) return fault("an RSA key must have at least 2048 bits");
  if (bits > kRsaBitsMax || !BN_is_odd(n.get())) return fault("n is too large or even");
  if (!BN_is_odd(e.get()) || BN_is_one(e.get()) || BN_num_bits(e.get()) > kRsaExponentBitsMax)
    return fault("e must be odd, above 1 and of at most 64 bits");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return fault("the RSA key cannot be read");
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  auto key = params ? from_params("RSA", params.get()) : nullptr;
  if (!key) return fault("the RSA key is not valid");
  return Material{std::move(key), algorithm};
}

// Why the key may not verify tokens at all; empty when it may.
std::string_view find_unfit(const JsonValue& jwk) {
  for (const std::string_view secret : {"d", "p", "q", "dp", "dq", "qi", "oth"}) {
    if (jwk.find(secret) != nullptr) return "it is a private key";
  }
  if (jwk.find("k") != nullptr || text_member(jwk, "kty") == "oct") return "it is a symmetric key";
  if (jwk.find("use") != nullptr && text_member(jwk, "use") != "sig") return "its use is not sig";
  if (const JsonValue* operations = jwk.find("key_ops")) {
    const auto* list = operations->array();
    const auto is_verify = [](const JsonValue& one) {
      return one.string() != nullptr && *one.string() == "verify";
    };
    if (list == nullptr || std::ranges::none_of(*list, is_verify)) return "its key_ops has no verify";
  }
  return {};
}

ReadMaterial read_material(const JsonValue& jwk, Algorithm rsa_algorithm) {
  const std::string_view kty = text_member(jwk, "kty");
  if (kty == "OKP") return read_okp(jwk);
  if (kty == "EC") return read_ec(jwk);
  if (kty == "RSA") return read_rsa(jwk, rsa_algorithm);
  return fault("its kty is not OKP, EC or RSA");
}

}  // namespace

std::expected<std::shared_ptr<const PublicKey>, std::string> read_jwk(const JsonValue& jwk,
                                                                      const JwkDefaults& defaults) {
  if (jwk.object() == nullptr) return fault("it is no JSON object");
  if (const std::string_view why = find_unfit(jwk); !why.empty()) return fault(why);

  const JsonValue* own_alg = jwk.find("alg");
  const bool has_alg = !defaults.alg.empty() || own_alg != nullptr;
  const auto declared = find_algorithm(!defaults.alg.empty() ? defaults.alg : text_member(jwk, "alg"));
  if (has_alg && (!declared || *declared == Algorithm::HS256)) return fault("its alg is not on the list");

  const bool is_rsa_algorithm = declared == Algorithm::RS256 || declared == Algorithm::PS256;
  auto material = read_material(jwk, is_rsa_algorithm ? *declared : defaults.rsa_algorithm);
  ERR_clear_error();  // see signature.cpp
  if (!material) return std::unexpected(std::move(material.error()));
  if (declared && *declared != material->algorithm) return fault("its alg does not fit its type");

  const std::string_view name = !defaults.kid.empty() ? defaults.kid : text_member(jwk, "kid");
  std::optional<std::string> kid;
  if (!name.empty()) kid.emplace(name);
  return std::make_shared<const PublicKey>(std::move(material->key), material->algorithm, std::move(kid));
}

}  // namespace tasklane
