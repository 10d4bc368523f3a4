#pragma once
// A kept HTTPS connection to nginx on loopback that costs little: HTTP/1.1, one request at a time, OpenSSL
// straight on a non-blocking socket. It never waits; its user's loop does, for descriptor(). Enough of the
// protocol for this project's answers: a Content-Length, chunks (long lists), or no body. Certificates are
// not checked. Throws std::runtime_error when the connection breaks.

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptors.h"

namespace client {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* tls) const { SSL_free(tls); }
};

// For all connections of a process, which from then on ignores SIGPIPE.
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;
TlsContext make_tls_context();

// Views into its connection, until the next request.
struct Answer {
  int status = 0;
  std::string_view headers;
  std::string_view body;

  // The value of a header, spelled as nginx or the worker writes it; empty when it is not there.
  std::string_view header(std::string_view name) const;
};

class HttpsClient {
 public:
  enum class Wants { nothing, to_read, to_write };

  HttpsClient(SSL_CTX& context, unsigned short port);

  int descriptor() const { return socket_.get(); }
  // Goes on connecting; again once the descriptor is ready for what is wanted.
  Wants shake_hands();
  // All of it, and waits.
  void shake_hands_now();
  void send(std::string_view request);
  // Reads what is there: the answer, when all of it has come.
  std::optional<Answer> receive();

 private:
  Wants wants(int result) const;
  std::optional<Answer> whole_answer();
  bool join_chunks(std::string_view chunks);

  tasklane::Descriptor socket_;
  std::unique_ptr<SSL, FreeTls> tls_;
  std::string received_;
  std::string joined_;  // a body that came in chunks
};

}  // namespace client
