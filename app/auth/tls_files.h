#pragma once
// What nginx will find in its certificate and key: read here with OpenSSL, before nginx has to.

#include <chrono>
#include <optional>
#include <string>

namespace tasklane {

struct TlsFiles {
  enum class Fault {
    none,
    certificate_unreadable,
    certificate_malformed,
    key_unreadable,
    key_malformed,
    mismatch
  };
  Fault fault;
  std::chrono::seconds
      valid_for{};  // of the first certificate; negative: expired. With fault none or key_unreadable
};

// Never asks for a key's passphrase: a key that has one is malformed for a server.
TlsFiles inspect_tls_files(const std::string& certificate, const std::string& key);

}  // namespace tasklane
