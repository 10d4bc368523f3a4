#include "fastcgi/exchange.h"

#include <fastcgi.h>
#include <fcgiapp.h>
#include <fmt/compile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace tasklane {

namespace {

// What is left to write of an answer, or of a piece of it.
struct Output {
  std::string_view head, body;
  bool last = false;        // behind it the answer ends
  std::size_t written = 0;  // bytes of the next record
};

}  // namespace

struct Exchange::State {
  FCGX_Request request;
  Output output;
  std::string head;  // of an answer that is partly written
};

namespace {

// A body that is too large is still read, up to here; past it the connection is closed instead.
constexpr std::size_t kDrainMaxBytes = 4 * limits::kRequestBodyMaxBytes;

void set_timeout(int fd, int option) {
  constexpr timeval timeout{.tv_sec = limits::kFastcgiIoTimeout.count() / 1000,
                            .tv_usec = limits::kFastcgiIoTimeout.count() % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof timeout);
}

// The parameters that are read; empty: not sent.
struct Parameters {
  std::string_view method, target, authorization, content_type, content_encoding, content_length,
      idempotency_key, request_id, traceparent;
};

constexpr std::pair<std::string_view, std::string_view Parameters::*> kParameters[] = {
    {"REQUEST_METHOD", &Parameters::method},
    {"REQUEST_URI", &Parameters::target},
    {"HTTP_AUTHORIZATION", &Parameters::authorization},
    {"CONTENT_TYPE", &Parameters::content_type},
    {"HTTP_CONTENT_ENCODING", &Parameters::content_encoding},
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
  return parse_number<std::size_t>(text);
}

// All of it behind the first `written` bytes, which it counts. False: the kernel takes no more (EAGAIN), or
// the peer is gone.
bool send_rest(int fd, std::span<iovec> parts, std::size_t& written, int flags) {
  std::size_t skipped = written;
  while (true) {
    while (!parts.empty() && skipped >= parts.front().iov_len) {
      skipped -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (parts.empty()) return true;
    parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + skipped;
    parts.front().iov_len -= skipped;
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t count = ::sendmsg(fd, &message, flags);
    if (count < 0) return false;
    skipped = static_cast<std::size_t>(count);
    written += skipped;
  }
}

FCGI_Header record_header(unsigned char type, int request_id, std::size_t content_bytes) {
  const auto byte = [](auto number) { return static_cast<unsigned char>(number & 0xff); };
  return {.version = FCGI_VERSION_1,
          .type = type,
          .requestIdB1 = byte(request_id >> 8),
          .requestIdB0 = byte(request_id),
          .contentLengthB1 = byte(content_bytes >> 8),
          .contentLengthB0 = byte(content_bytes),
          .paddingLength = 0,
          .reserved = 0};
}

// What follows an answer's last byte: the end of the output, then of the request.
struct End {
  explicit End(int request_id)
      : output(record_header(FCGI_STDOUT, request_id, 0)),
        request{.header = record_header(FCGI_END_REQUEST, request_id, sizeof request.body), .body = {}} {
    request.body.protocolStatus = FCGI_REQUEST_COMPLETE;
  }
  FCGI_Header output;
  FCGI_EndRequestRecord request;
};

iovec part(const void* data, std::size_t bytes) {
  return {const_cast<void*>(data), bytes};
}

// In the largest records that there can be (FastCGI specification 1.0, section 3.3), each with one system
// call and straight from where the text is. `head` is the few headers of our own, far less than a record.
// False as send_rest().
bool write_output(int fd, int request_id, Output& output, int flags) {
  constexpr std::size_t kRecordContentMaxBytes =
      65'528;  // two bytes hold it; a multiple of 8 needs no padding
  const End end(request_id);
  do {
    const std::string_view piece = output.body.substr(0, kRecordContentMaxBytes - output.head.size());
    const std::size_t content = output.head.size() + piece.size();
    const FCGI_Header header = record_header(FCGI_STDOUT, request_id, content);
    const bool ends = output.last && piece.size() == output.body.size();
    std::array parts{part(&header, content > 0 ? sizeof header : 0),
                     part(output.head.data(), output.head.size()), part(piece.data(), piece.size()),
                     part(&end, ends ? sizeof end : 0)};
    if (!send_rest(fd, parts, output.written, flags)) return false;
    output = {.head = {}, .body = output.body.substr(piece.size()), .last = output.last};
  } while (!output.body.empty());
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
               .content_encoding = sent.content_encoding,
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

Exchange::Progress Exchange::write(const Response& response) {
  fmt::memory_buffer head;
  const auto out = std::back_inserter(head);
  fmt::format_to(out, FMT_COMPILE("Status: {}\r\n"), response.status);
  if (response.more) {
    fmt::format_to(out, FMT_COMPILE("Content-Type: {}\r\n"), response.content_type);
  } else if (!response.content_type.empty()) {
    fmt::format_to(out, FMT_COMPILE("Content-Type: {}\r\nContent-Length: {}\r\n"), response.content_type,
                   response.body.size());
  }
  for (const auto& [name, value] : response.headers)
    fmt::format_to(out, FMT_COMPILE("{}: {}\r\n"), name, value);
  head.append(std::string_view("\r\n"));

  state_->output = {.head = {head.data(), head.size()},
                    .body = response.head ? std::string_view() : response.body,
                    .last = response.head || !response.more};
  const Progress progress = write_on();
  if (progress == Progress::partly && !state_->output.head.empty())
    state_->output.head = state_->head.assign(head.data(), head.size());
  return progress;
}

Exchange::Progress Exchange::write_piece(std::string_view piece) {
  state_->output = {.head = {}, .body = piece, .last = piece.empty()};
  return write_on();
}

Exchange::Progress Exchange::write_on() {
  return write_some(MSG_DONTWAIT | MSG_NOSIGNAL);
}

Exchange::Progress Exchange::write_out() {
  return write_some(MSG_NOSIGNAL);
}

Exchange::Progress Exchange::write_some(int flags) {
  FCGX_Request& request = state_->request;
  const bool written = write_output(request.ipcFd, request.requestId, state_->output, flags);
  if (!written && (flags & MSG_DONTWAIT) != 0 && errno == EAGAIN) return Progress::partly;
  if (written && !state_->output.last) return Progress::done;
  const bool kept = written && request.keepConnection;
  FCGX_Free(&request, kept ? 0 : 1);  // and not FCGX_Finish_r, which would write an answer of its own
  request.detached = 1;               // libfcgi resets it whenever it closes
  return kept ? Progress::done : Progress::over;
}

}  // namespace tasklane
