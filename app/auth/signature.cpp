#include "auth/signature.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <array>
#include <stdexcept>

#include "auth/owned.h"

namespace tasklane {

namespace {

using Context = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using BigNumber = Owned<BIGNUM, BN_free>;
using EcdsaSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool verify_with(EVP_PKEY* key, const EVP_MD* digest, int rsa_padding, std::string_view signing_input,
                 std::string_view signature) {
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // belongs to the context
  if (!context || EVP_DigestVerifyInit(context.get(), &options, digest, nullptr, key) != 1) return false;
  if (rsa_padding != 0 && EVP_PKEY_CTX_set_rsa_padding(options, rsa_padding) != 1) return false;
  // RFC 7518 section 3.5: the salt is as long as the digest, and MGF1 uses the same digest (OpenSSL's
  // default).
  if (rsa_padding == RSA_PKCS1_PSS_PADDING &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)
    return false;
  return EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(signing_input),
                          signing_input.size()) == 1;
}

// From r || s to the DER that OpenSSL wants; empty when the length is not twice `field_bytes`.
std::string to_der(std::string_view raw, std::size_t field_bytes) {
  if (raw.size() != 2 * field_bytes) return {};
  const int size = static_cast<int>(field_bytes);
  BigNumber r(BN_bin2bn(bytes(raw), size, nullptr));
  BigNumber s(BN_bin2bn(bytes(raw) + field_bytes, size, nullptr));
  const EcdsaSignature signature(ECDSA_SIG_new());
  if (!r || !s || !signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  [[maybe_unused]] const auto* owned_r = r.release();  // by the signature now
  [[maybe_unused]] const auto* owned_s = s.release();
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &der);
  if (length <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return text;
}

bool verify_ecdsa(EVP_PKEY* key, const EVP_MD* digest, std::size_t field_bytes,
                  std::string_view signing_input, std::string_view signature) {
  const std::string der = to_der(signature, field_bytes);
  return !der.empty() && verify_with(key, digest, 0, signing_input, der);
}

bool verify_by_algorithm(const PublicKey& key, std::string_view signing_input, std::string_view signature) {
  switch (key.algorithm()) {
    case Algorithm::HS256:
      return false;  // a public key never is a secret
    case Algorithm::EdDSA:
      return verify_ed25519(key.ed25519(), signing_input, signature);
    case Algorithm::ES256:
      return verify_ecdsa(key.openssl(), EVP_sha256(), 32, signing_input, signature);
    case Algorithm::ES384:
      return verify_ecdsa(key.openssl(), EVP_sha384(), 48, signing_input, signature);
    case Algorithm::ES512:
      return verify_ecdsa(key.openssl(), EVP_sha512(), 66, signing_input, signature);
    case Algorithm::RS256:
      return verify_with(key.openssl(), EVP_sha256(), RSA_PKCS1_PADDING, signing_input, signature);
    case Algorithm::PS256:
      return verify_with(key.openssl(), EVP_sha256(), RSA_PKCS1_PSS_PADDING, signing_input, signature);
  }
  return false;
}

}  // namespace

bool verify_signature(const PublicKey& key, std::string_view signing_input, std::string_view signature) {
  const bool verified = verify_by_algorithm(key, signing_input, signature);
  // What OpenSSL noted about a bad signature must not be found by libpq's TLS on the same thread.
  if (!verified) ERR_clear_error();
  return verified;
}

std::string sign_hs256(std::string_view secret, std::string_view signing_input) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(signing_input),
           signing_input.size(), mac.data(), &size) == nullptr)
    throw std::runtime_error("OpenSSL cannot compute HMAC-SHA256");
  return {reinterpret_cast<const char*>(mac.data()), size};
}

bool verify_hs256(std::string_view secret, std::string_view signing_input, std::string_view signature) {
  const std::string expected = sign_hs256(secret, signing_input);
  return signature.size() == expected.size() &&
         CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

}  // namespace tasklane
