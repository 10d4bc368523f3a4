#include "fastcgi/exchange.h"

#include <fcgiapp.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <charconv>
#include <stdexcept>

#include "base/limits.h"

namespace tasklane {

struct Exchange::State {
  FCGX_Request request;
};

namespace {

// A body that is too large is still read, up to here; past it the connection is closed instead.
constexpr std::size_t kDrainMaxBytes = 4 * limits::kRequestBodyMaxBytes;

void set_timeout(int fd, int option) {
  constexpr timeval timeout{.tv_sec = limits::kFastcgiIoTimeout.count() / 1000,
                            .tv_usec = limits::kFastcgiIoTimeout.count() % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof timeout);
}

std::string_view parameter(const FCGX_Request& request, const char* name) {
  const char* value = FCGX_GetParam(name, request.envp);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// Empty text is a length of 0; nullopt: no length at all.
std::optional<std::size_t> parse_length(std::string_view text) {
  if (text.empty()) return 0;
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return length;
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

  Request read{.method = std::string(parameter(request, "REQUEST_METHOD")),
               .target = std::string(parameter(request, "REQUEST_URI")),
               .authorization = std::string(parameter(request, "HTTP_AUTHORIZATION")),
               .content_type = std::string(parameter(request, "CONTENT_TYPE")),
               .idempotency_key = std::string(parameter(request, "HTTP_IDEMPOTENCY_KEY")),
               .request_id = std::string(parameter(request, "REQUEST_ID")),
               .traceparent = std::string(parameter(request, "HTTP_TRACEPARENT")),
               .body = {},
               .received = received,
               .read = {}};
  if (!read_body(read)) {
    FCGX_Free(&request, 1);  // without an answer: nginx makes it a 502
    return std::nullopt;
  }
  read.read = std::chrono::steady_clock::now();
  return read;
}

bool Exchange::read_body(Request& read) {
  FCGX_Stream* in = state_->request.in;
  const auto announced = parse_length(parameter(state_->request, "CONTENT_LENGTH"));
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
  fmt::format_to(out, "Status: {}\r\n", response.status);
  if (!response.content_type.empty())
    fmt::format_to(out, "Content-Type: {}\r\nContent-Length: {}\r\n", response.content_type,
                   response.body.size());
  for (const auto& [name, value] : response.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
  head.push_back('\r');
  head.push_back('\n');

  FCGX_Request& request = state_->request;
  FCGX_PutStr(head.data(), static_cast<int>(head.size()), request.out);
  if (!response.head) FCGX_PutStr(response.body.data(), static_cast<int>(response.body.size()), request.out);
  FCGX_Finish_r(&request);  // flushes; closes unless the peer keeps the connection and all went well
  request.detached = 1;     // libfcgi resets it whenever it closes
  return request.ipcFd >= 0;
}

}  // namespace tasklane
