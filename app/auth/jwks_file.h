#pragma once
// A JWK Set in a file (AUTH_JWKS=/path): for hosts where Better Auth's database is not the API's. The worker
// asks changed() every second and refreshes its Authenticator when it is. Replace the file by a rename: one
// that is caught half written is refused and the keys known so far stay in force. What was read last is also
// kept in memory that the workers of a generation share, for one that starts when the file is unusable.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/key_source.h"
#include "base/descriptors.h"

namespace tasklane {

// A sentence when the file is missing, unreadable, above limits::kJwksFileMaxBytes or no key set. An RSA key
// that names no algorithm is for `rsa_algorithm`.
std::expected<ReadKeys, std::string> read_key_file(const std::string& path, Algorithm rsa_algorithm);

// Why no worker starts with this file; empty: it can. A set without a key that can be used is a mistake at
// the start. In a file that is read again it withdraws the keys.
std::string mistake_in_key_file(const std::string& path, Algorithm rsa_algorithm);

class JwksFile : public KeySource {
 public:
  // `kept` is a memfd, or nothing.
  JwksFile(std::string path, Algorithm rsa_algorithm, Descriptor kept = {});

  // service_unavailable when the file cannot be read, and this object has loaded one before or none is kept.
  // Unusable keys are skipped and told in the log.
  boost::asio::awaitable<Result<KeySet>> load() override;

  // Whether the file is another one than at the last load, good or bad: one stat(2), which does not wait.
  bool changed() const;

 private:
  struct Identity {
    std::uint64_t device;
    std::uint64_t inode;
    std::int64_t size_bytes;
    std::int64_t modified_ns;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  std::optional<Identity> look() const;  // empty: no such file

  Result<KeySet> load_file();
  Result<KeySet> parse(std::string_view text);
  void keep(std::string_view text) const;
  Result<KeySet> kept_keys();
  std::unexpected<Error> failure(std::string_view what) const;

  std::string path_;
  Algorithm rsa_algorithm_;
  Descriptor kept_;
  bool loaded_once_ = false;
  std::optional<Identity> loaded_;
  std::vector<std::string> skipped_;  // at the last load that worked
};

}  // namespace tasklane
