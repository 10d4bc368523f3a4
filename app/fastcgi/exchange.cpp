#include "fastcgi/exchange.h"

#include <fastcgi.h>
#include <fcgiapp.h>
#include <fmt/compile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/limits.h"

namespace tasklane {

struct Exchange::State {
  FCGX_Request request;
};

namespace {

// A body that is too large is still read, up to here; past it the connection is closed instead.
constexpr std::size_t kDrainMaxBytes = 4 * limits::kRequestBodyMaxBytes;
// A longer one goes past libfcgi's buffer, every 8 KiB of which cost a copy, a write and a wake-up of nginx.
constexpr std::size_t kBufferedBodyMaxBytes = std::size_t{16} * 1024;

void set_timeout(int fd, int option) {
  constexpr timeval timeout{.tv_sec = limits::kFastcgiIoTimeout.count() / 1000,
                            .tv_usec = limits::kFastcgiIoTimeout.count() % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof timeout);
}

// The parameters that are read; empty: not sent.
struct Parameters {
  std::string_view method, target, authorization, content_type, content_length, idempotency_key, request_id,
      traceparent;
};

constexpr std::pair<std::string_view, std::string_view Parameters::*> kParameters[] = {
    {"REQUEST_METHOD", &Parameters::method},
    {"REQUEST_URI", &Parameters::target},
    {"HTTP_AUTHORIZATION", &Parameters::authorization},
    {"CONTENT_TYPE", &Parameters::content_type},
    {"CONTENT_LENGTH", &Parameters::content_length},
    {"HTTP_IDEMPOTENCY_KEY", &Parameters::idempotency_key},
    {"REQUEST_ID", &Parameters::request_id},
    {"HTTP_TRACEPARENT", &Parameters::traceparent},
};

// Of one that is there twice, the first. Views of libfcgi's memory, which lasts as long as the request.
Parameters read_parameters(const FCGX_Request& request) {
  Parameters found;
  for (char** entry = request.envp; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;  // NAME=value
    const auto name = text.substr(0, text.find('='));
    const auto known = std::ranges::find(kParameters, name, [](const auto& each) { return each.first; });
    if (known == std::end(kParameters) || name.size() == text.size()) continue;
    std::string_view& value = found.*known->second;
    if (value.data() == nullptr) value = text.substr(name.size() + 1);
  }
  return found;
}

// Empty text is a length of 0; nullopt: no length at all.
std::optional<std::size_t> parse_length(std::string_view text) {
  if (text.empty()) return 0;
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return length;
}

// All of it. False: the peer is gone, or did not take it within limits::kFastcgiIoTimeout.
bool write_whole(int fd, std::span<iovec> parts) {
  while (!parts.empty()) {
    const ssize_t count = ::writev(fd, parts.data(), static_cast<int>(parts.size()));
    if (count <= 0) return false;
    auto written = static_cast<std::size_t>(count);
    while (!parts.empty() && written >= parts.front().iov_len) {
      written -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (parts.empty()) break;
    parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + written;
    parts.front().iov_len -= written;
  }
  return true;
}

// Standard output in the largest records that there can be (FastCGI specification 1.0, section 3.3).
bool write_records(int fd, int request_id, std::string_view content) {
  constexpr std::size_t kContentMaxBytes = 65'528;  // two bytes hold it; a multiple of 8 needs no padding
  const auto byte = [](auto number) { return static_cast<unsigned char>(number & 0xff); };
  for (; !content.empty(); content.remove_prefix(std::min(kContentMaxBytes, content.size()))) {
    const std::string_view piece = content.substr(0, kContentMaxBytes);
    FCGI_Header header{.version = FCGI_VERSION_1,
                       .type = FCGI_STDOUT,
                       .requestIdB1 = byte(request_id >> 8),
                       .requestIdB0 = byte(request_id),
                       .contentLengthB1 = byte(piece.size() >> 8),
                       .contentLengthB0 = byte(piece.size()),
                       .paddingLength = 0,
                       .reserved = 0};
    std::array<iovec, 2> parts{{{&header, sizeof header}, {const_cast<char*>(piece.data()), piece.size()}}};
    if (!write_whole(fd, parts)) return false;
  }
  return true;
}

}  // namespace

void Exchange::set_up_library() {
  if (FCGX_Init() != 0) throw std::runtime_error("libfcgi: FCGX_Init failed");
}

Exchange::Exchange(Descriptor connection) : state_(std::make_unique<State>()) {
  // No listening socket: libfcgi must never accept by itself, it would block the loop.
  FCGX_InitRequest(&state_->request, -1, 0);
  set_timeout(connection.get(), SO_RCVTIMEO);
  set_timeout(connection.get(), SO_SNDTIMEO);
  state_->request.ipcFd = connection.release();
  state_->request.keepConnection =
      1;  // FCGX_Accept_r first finishes the request before: there is none to close for
  state_->request.detached =
      1;  // close at once; libfcgi would otherwise wait up to 2 s for the peer's last bytes
}

Exchange::~Exchange() {
  FCGX_Free(&state_->request, 1);
}

std::optional<Request> Exchange::read() {
  FCGX_Request& request = state_->request;
  const auto received = std::chrono::steady_clock::now();
  if (FCGX_Accept_r(&request) != 0) return std::nullopt;  // libfcgi has closed the connection

  const Parameters sent = read_parameters(request);
  Request read{.method = sent.method,
               .target = sent.target,
               .authorization = sent.authorization,
               .content_type = sent.content_type,
               .idempotency_key = sent.idempotency_key,
               .request_id = sent.request_id,
               .traceparent = sent.traceparent,
               .received = received,
               .read = {}};
  if (!read_body(sent.content_length, read)) {
    FCGX_Free(&request, 1);  // without an answer: nginx makes it a 502
    return std::nullopt;
  }
  read.read = std::chrono::steady_clock::now();
  return read;
}

bool Exchange::read_body(std::string_view length, Request& read) {
  FCGX_Stream* in = state_->request.in;
  const auto announced = parse_length(length);
  if (!announced) return false;
  read.body_too_large = *announced > limits::kRequestBodyMaxBytes;
  if (!read.body_too_large) read.body.reserve(*announced);

  std::array<char, 8192> chunk;
  std::size_t total = 0;
  while (true) {
    const int count = FCGX_GetStr(chunk.data(), static_cast<int>(chunk.size()), in);
    if (count <= 0) break;
    total += static_cast<std::size_t>(count);
    if (total > *announced || total > kDrainMaxBytes) return false;
    if (!read.body_too_large) read.body.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return FCGX_GetError(in) == 0 && total == *announced;
}

bool Exchange::write(const Response& response) {
  fmt::memory_buffer head;
  const auto out = std::back_inserter(head);
  fmt::format_to(out, FMT_COMPILE("Status: {}\r\n"), response.status);
  if (!response.content_type.empty())
    fmt::format_to(out, FMT_COMPILE("Content-Type: {}\r\nContent-Length: {}\r\n"), response.content_type,
                   response.body.size());
  for (const auto& [name, value] : response.headers)
    fmt::format_to(out, FMT_COMPILE("{}: {}\r\n"), name, value);
  head.append(std::string_view("\r\n"));

  FCGX_Request& request = state_->request;
  FCGX_PutStr(head.data(), static_cast<int>(head.size()), request.out);
  const std::string_view body = response.head ? std::string_view() : response.body;
  if (body.size() <= kBufferedBodyMaxBytes) {
    FCGX_PutStr(body.data(), static_cast<int>(body.size()), request.out);
  } else if (FCGX_FFlush(request.out) != 0 || !write_records(request.ipcFd, request.requestId, body)) {
    FCGX_Free(&request, 1);  // in the middle of a record: nothing can follow it
    return false;
  }
  FCGX_Finish_r(&request);  // flushes; closes unless the peer keeps the connection and all went well
  request.detached = 1;     // libfcgi resets it whenever it closes
  return request.ipcFd >= 0;
}

}  // namespace tasklane
