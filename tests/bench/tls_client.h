#pragma once
// A kept HTTPS connection to nginx on loopback that costs little: HTTP/1.1, one request at a time, OpenSSL
// straight on a socket. Enough of the protocol for this project's answers, which carry a Content-Length.
// Certificates are not checked. Throws std::runtime_error when the connection breaks.

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

class TlsClient {
 public:
  // Connects and shakes hands, blocking; from then on nothing blocks.
  TlsClient(SSL_CTX* context, unsigned short port);
  TlsClient(TlsClient&&) = default;
  TlsClient& operator=(TlsClient&&) = default;
  ~TlsClient();

  int descriptor() const { return SSL_get_fd(tls_.get()); }
  void send(std::string_view request);
  // Reads what is there: the answer's status when all of it has come.
  std::optional<int> receive();

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  std::optional<int> whole_answer();

  std::unique_ptr<SSL, Free> tls_;
  std::string received_;
};

}  // namespace bench
