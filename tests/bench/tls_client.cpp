#include "tls_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace bench {

namespace {

constexpr std::string_view kLengthHeader = "\r\nContent-Length: ";  // as nginx writes it

int connected(unsigned short port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in nginx{};
  nginx.sin_family = AF_INET;
  nginx.sin_port = htons(port);
  nginx.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&nginx), sizeof nginx) != 0)
    throw std::runtime_error("nginx does not accept the connection");
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

std::size_t number(std::string_view digits) {
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

TlsClient::TlsClient(SSL_CTX* context, unsigned short port) : tls_(SSL_new(context)) {
  SSL_set_fd(tls_.get(), connected(port));
  if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("the TLS handshake failed");
  ::fcntl(descriptor(), F_SETFL, O_NONBLOCK);
}

TlsClient::~TlsClient() {
  if (tls_) ::close(descriptor());
}

void TlsClient::send(std::string_view request) {
  // A request is far smaller than the socket's buffer, which is empty: the answer before it has come.
  if (SSL_write(tls_.get(), request.data(), static_cast<int>(request.size())) !=
      static_cast<int>(request.size()))
    throw std::runtime_error("a request could not be sent whole");
}

std::optional<int> TlsClient::receive() {
  std::array<char, 16'384> bytes;
  while (true) {
    const int size = SSL_read(tls_.get(), bytes.data(), bytes.size());
    if (size > 0) {
      received_.append(bytes.data(), static_cast<std::size_t>(size));
      if (const auto status = whole_answer()) return status;
      continue;
    }
    if (SSL_get_error(tls_.get(), size) == SSL_ERROR_WANT_READ) return {};
    throw std::runtime_error("the connection broke");
  }
}

std::optional<int> TlsClient::whole_answer() {
  const std::size_t head = received_.find("\r\n\r\n");
  if (head == received_.npos) return {};
  const std::string_view text(received_);
  const std::size_t header = text.substr(0, head).find(kLengthHeader);
  const std::size_t length = header == text.npos ? 0 : number(text.substr(header + kLengthHeader.size(), 20));
  if (received_.size() < head + 4 + length) return {};
  const int status = static_cast<int>(number(text.substr(std::string_view("HTTP/1.1 ").size(), 3)));
  received_.clear();
  return status;
}

}  // namespace bench
