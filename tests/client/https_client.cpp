#include "client/https_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <sstream>
#include <stdexcept>

#include "base/text.h"

namespace client {

using namespace tasklane;

namespace {

constexpr std::string_view kProtocol = "HTTP/1.1 ";

Descriptor connect_to(unsigned short port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in nginx{};
  nginx.sin_family = AF_INET;
  nginx.sin_port = htons(port);
  nginx.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int refused = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&nginx), sizeof nginx);
  if (refused != 0 && errno != EINPROGRESS) throw std::runtime_error("nginx does not accept the connection");
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

TlsContext make_tls_context() {
  std::signal(SIGPIPE, SIG_IGN);
  return TlsContext(SSL_CTX_new(TLS_client_method()));
}

std::string_view Answer::header(std::string_view name) const {
  for (std::string_view rest = headers; !rest.empty();) {
    std::string_view value = take_until(rest, '\n');
    if (take_until(value, ':') == name) return trim(value, " \r");
  }
  return {};
}

HttpsClient::HttpsClient(SSL_CTX& context, unsigned short port)
    : socket_(connect_to(port)), tls_(SSL_new(&context)) {
  SSL_set_fd(tls_.get(), socket_.get());
}

HttpsClient::Wants HttpsClient::shake_hands() {
  const int result = SSL_connect(tls_.get());
  return result == 1 ? Wants::nothing : wants(result);
}

void HttpsClient::shake_hands_now() {
  for (auto wanted = shake_hands(); wanted != Wants::nothing; wanted = shake_hands()) {
    pollfd ready{descriptor(), static_cast<short>(wanted == Wants::to_read ? POLLIN : POLLOUT), 0};
    ::poll(&ready, 1, -1);
  }
}

// A request is far smaller than the socket's buffer, which is empty: the answer before it has come.
void HttpsClient::send(std::string_view request) {
  received_.clear();
  const int size = static_cast<int>(request.size());
  if (SSL_write(tls_.get(), request.data(), size) != size)
    throw std::runtime_error("a request could not be sent whole");
}

std::optional<Answer> HttpsClient::receive() {
  std::array<char, 16'384> bytes;
  while (true) {
    const int size = SSL_read(tls_.get(), bytes.data(), bytes.size());
    if (size > 0) {
      received_.append(bytes.data(), static_cast<std::size_t>(size));
      if (const auto answer = whole_answer()) return answer;
    } else if (wants(size) == Wants::to_read) {
      return {};
    }
  }
}

HttpsClient::Wants HttpsClient::wants(int result) const {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Wants::to_read;
    case SSL_ERROR_WANT_WRITE:
      return Wants::to_write;
    default:
      throw std::runtime_error("the connection broke");
  }
}

std::optional<Answer> HttpsClient::whole_answer() {
  std::string_view text = received_;
  const auto end = text.find("\r\n\r\n");
  if (end == text.npos) return {};
  Answer answer{.headers = text.substr(0, end + 2), .body = text.substr(end + 4)};
  if (!answer.headers.starts_with(kProtocol)) throw std::runtime_error("no HTTP answer");
  answer.status = parse_number<int>(take_until(answer.headers, '\n').substr(kProtocol.size(), 3)).value_or(0);
  if (answer.header("Transfer-Encoding") == "chunked") {
    if (!join_chunks(answer.body)) return {};
    answer.body = joined_;
    return answer;
  }
  const auto length = parse_number<std::size_t>(answer.header("Content-Length")).value_or(0);
  if (answer.body.size() < length) return {};
  answer.body = answer.body.substr(0, length);
  return answer;
}

// RFC 9112 section 7.1, without extensions and trailers. Whether all of them are there.
bool HttpsClient::join_chunks(std::string_view chunks) {
  constexpr std::string_view kLineEnd = "\r\n";
  joined_.clear();
  while (true) {
    const auto line = chunks.find(kLineEnd);
    if (line == chunks.npos) return false;
    std::size_t size = 0;
    std::istringstream(std::string(chunks.substr(0, line))) >> std::hex >> size;
    chunks.remove_prefix(line + kLineEnd.size());
    if (chunks.size() < size + kLineEnd.size()) return false;
    if (size == 0) return true;
    joined_ += chunks.substr(0, size);
    chunks.remove_prefix(size + kLineEnd.size());
  }
}

}  // namespace client
