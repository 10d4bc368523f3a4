#include "cli/fastcgi_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/descriptors.h"
#include "base/unix_address.h"

namespace tasklane {

namespace {

// FastCGI 1.0, section 8.
enum class Kind : unsigned char { begin = 1, end = 3, params = 4, in = 5, out = 6 };

constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kStatusAnswerMaxBytes = 1024 * 1024;  // the largest /metrics is a tenth of it

using Answer = std::expected<std::string, std::string>;

void append_record(std::string& bytes, Kind kind, std::string_view content) {
  const auto length = content.size();
  bytes += {'\1', static_cast<char>(kind), '\0', '\1'};  // version 1, request 1
  bytes += {static_cast<char>(length >> 8), static_cast<char>(length & 0xff), '\0', '\0'};
  bytes += content;
}

// Lengths below 128 are one byte; ours are.
std::string pair(std::string_view name, std::string_view value) {
  std::string bytes{static_cast<char>(name.size()), static_cast<char>(value.size())};
  return bytes.append(name).append(value);
}

std::string request_bytes(std::string_view target) {
  std::string bytes;
  append_record(bytes, Kind::begin,
                {"\0\1\0\0\0\0\0\0", 8});  // a responder; the connection is closed behind it
  append_record(bytes, Kind::params, pair("REQUEST_METHOD", "GET") + pair("REQUEST_URI", target));
  append_record(bytes, Kind::params, {});
  append_record(bytes, Kind::in, {});
  return bytes;
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
    if (!receive(fd, header, kHeaderBytes)) return trouble("no answer from", path);
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(header[i]));
    };
    const std::size_t length = byte(4) * 256 + byte(5);
    if (!receive(fd, content, length + byte(6))) return trouble("no whole answer from", path);
    if (byte(1) == static_cast<std::size_t>(Kind::end)) return output;
    if (byte(1) == static_cast<std::size_t>(Kind::out)) output.append(content, 0, length);
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
  const std::string request = request_bytes(target);
  if (::send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return trouble("cannot ask the workers at", socket_path);
  auto output = read_output(connection.get(), socket_path);
  if (!output) return output;
  const auto body = output->find("\r\n\r\n");
  if (!output->starts_with("Status: 2") || body == std::string::npos)
    return std::unexpected(fmt::format("{} answered {}", socket_path, output->substr(0, output->find('\r'))));
  return output->substr(body + 4);
}

}  // namespace tasklane
