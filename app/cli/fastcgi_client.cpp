#include "cli/fastcgi_client.h"

#include <fastcgi.h>
#include <fcgiapp.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "base/descriptors.h"
#include "base/unix_address.h"

namespace tasklane {

namespace {

constexpr unsigned char kRequestId = 1;
constexpr int kStreamBytes = 8192;                          // of a stream's record
constexpr std::size_t kStatusAnswerMaxBytes = 1024 * 1024;  // the largest /metrics is a tenth of it

using Answer = std::expected<std::string, std::string>;

// libfcgi writes without MSG_NOSIGNAL.
class NoSignalForABrokenPipe {
 public:
  NoSignalForABrokenPipe() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~NoSignalForABrokenPipe() { std::signal(SIGPIPE, before_); }
  NoSignalForABrokenPipe(const NoSignalForABrokenPipe&) = delete;
  NoSignalForABrokenPipe& operator=(const NoSignalForABrokenPipe&) = delete;

 private:
  void (*before_)(int);
};

// Lengths below 128 are one byte; ours are.
std::string pair(std::string_view name, std::string_view value) {
  std::string bytes{static_cast<char>(name.size()), static_cast<char>(value.size())};
  return bytes.append(name).append(value);
}

// The records of one stream, the empty one at its end among them.
bool write_stream(int fd, int type, std::string_view content) {
  // Kept to the command's end: FCGX_FreeStream loses the request that libfcgi makes for each writer.
  static auto& streams = *new std::vector<FCGX_Stream*>;
  FCGX_Stream* const stream = streams.emplace_back(FCGX_CreateWriter(fd, kRequestId, kStreamBytes, type));
  const int bytes = static_cast<int>(content.size());
  return FCGX_PutStr(content.data(), bytes, stream) == bytes && FCGX_FClose(stream) == 0;
}

// To a responder; the connection is closed behind the answer.
bool write_request(int fd, std::string_view target) {
  FCGI_BeginRequestRecord begin{};
  begin.header.version = FCGI_VERSION_1;
  begin.header.type = FCGI_BEGIN_REQUEST;
  begin.header.requestIdB0 = kRequestId;
  begin.header.contentLengthB0 = sizeof begin.body;
  begin.body.roleB0 = FCGI_RESPONDER;
  const NoSignalForABrokenPipe no_signal;
  return ::send(fd, &begin, sizeof begin, 0) == static_cast<ssize_t>(sizeof begin) &&
         write_stream(fd, FCGI_PARAMS, pair("REQUEST_METHOD", "GET") + pair("REQUEST_URI", target)) &&
         write_stream(fd, FCGI_STDIN, {});
}

std::unexpected<std::string> trouble(std::string_view what, const std::string& path) {
  const bool late = errno == EAGAIN;
  return std::unexpected(
      fmt::format("{} {}: {}", what, path, late ? "no answer in time" : std::strerror(errno)));
}

bool receive(int fd, std::string& bytes, std::size_t length) {
  bytes.resize(length);
  for (std::size_t at = 0; at < length;) {
    errno = 0;
    const ssize_t count = ::recv(fd, bytes.data() + at, length - at, 0);
    if (count == 0) errno = ECONNRESET;
    if (count <= 0) return false;
    at += static_cast<std::size_t>(count);
  }
  return true;
}

// Everything on the output stream until the request ends.
Answer read_output(int fd, const std::string& path) {
  std::string output, header, content;
  while (true) {
    if (!receive(fd, header, sizeof(FCGI_Header))) return trouble("no answer from", path);
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(header[i]));
    };
    const std::size_t length = byte(4) * 256 + byte(5);
    if (!receive(fd, content, length + byte(6))) return trouble("no whole answer from", path);
    if (byte(1) == FCGI_END_REQUEST) return output;
    if (byte(1) == FCGI_STDOUT) output.append(content, 0, length);
    if (output.size() > kStatusAnswerMaxBytes)
      return std::unexpected(fmt::format("the answer from {} has no end", path));
  }
}

}  // namespace

Answer fastcgi_get(const std::string& socket_path, std::string_view target,
                   std::chrono::milliseconds patience) {
  const auto address = UnixAddress::of(socket_path);
  if (!address) return std::unexpected("the socket's path is too long");
  const Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return trouble("cannot make a socket for", socket_path);
  const timeval timeout{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    ::setsockopt(connection.get(), SOL_SOCKET, option, &timeout, sizeof timeout);
  if (!address->connect(connection.get())) return trouble("cannot reach the workers at", socket_path);
  if (!write_request(connection.get(), target)) return trouble("cannot ask the workers at", socket_path);
  auto output = read_output(connection.get(), socket_path);
  if (!output) return output;
  const auto body = output->find("\r\n\r\n");
  if (!output->starts_with("Status: 2") || body == std::string::npos)
    return std::unexpected(fmt::format("{} answered {}", socket_path, output->substr(0, output->find('\r'))));
  return output->substr(body + 4);
}

}  // namespace tasklane
