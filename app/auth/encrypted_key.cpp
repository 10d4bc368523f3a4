#include "auth/encrypted_key.h"

#include <sodium.h>

#include <string>
#include <vector>

#include "auth/sha256.h"
#include "base/text.h"

namespace tasklane {

namespace {

constexpr std::string_view kVersioned = "$ba$";

}  // namespace

bool is_encrypted_key(std::string_view stored) {
  return !trim(stored, " \t\r\n").starts_with('{');
}

bool opens_key(std::string_view secret, std::string_view stored) {
  stored = trim(stored, " \t\r\n\"");
  if (stored.starts_with(kVersioned)) {
    stored.remove_prefix(kVersioned.size());
    take_until(stored, '$');
  }
  if (stored.size() < 2) return false;
  std::vector<unsigned char> bytes(stored.size() / 2);
  std::size_t size = 0;
  if (::sodium_hex2bin(bytes.data(), bytes.size(), stored.data(), stored.size(), nullptr, &size, nullptr) !=
          0 ||
      size != bytes.size())
    return false;
  constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  if (size < kNonce + crypto_aead_xchacha20poly1305_ietf_ABYTES) return false;
  const Sha256 key = sha256(secret);
  std::vector<unsigned char> text(size);
  return ::crypto_aead_xchacha20poly1305_ietf_decrypt(text.data(), nullptr, nullptr, bytes.data() + kNonce,
                                                      size - kNonce, nullptr, 0, bytes.data(),
                                                      key.data()) == 0;
}

}  // namespace tasklane
