#include "fastcgi/exchange.h"

#include <fmt/compile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "base/limits.h"
#include "fastcgi/records.h"
#include "fastcgi/request_reader.h"

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
  State(Descriptor fd, bool tcp) : connection(std::move(fd)), by_tcp(tcp) {}
  Descriptor connection;
  const bool by_tcp;
  RequestReader reader;
  std::chrono::steady_clock::time_point received, read;
  bool left_unread = false;
  Output output;
  std::string head;  // of an answer that is partly written
};

namespace {

// Where bytes go on their way into a reader: a worker reads in one thread, one connection after the other.
thread_local std::array<char, limits::kReadAtOnceMaxBytes> arrived;

// All of it behind the first `written` bytes, which it counts. False: the kernel takes no more (EAGAIN), or
// the peer is gone.
bool send_rest(int fd, std::span<iovec> parts, std::size_t& written) {
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
    const ssize_t count = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return false;
    skipped = static_cast<std::size_t>(count);
    written += skipped;
  }
}

// What follows an answer's last byte: the end of the output, then of the request.
struct End {
  explicit End(std::uint16_t request_id)
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
bool write_output(int fd, std::uint16_t request_id, Output& output) {
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
    if (!send_rest(fd, parts, output.written)) return false;
    output = {.head = {}, .body = output.body.substr(piece.size()), .last = output.last};
  } while (!output.body.empty());
  return true;
}

}  // namespace

Exchange::Exchange(Descriptor connection, bool by_tcp)
    : state_(std::make_unique<State>(std::move(connection), by_tcp)) {}

Exchange::~Exchange() = default;

Exchange::Reading Exchange::close() {
  state_->connection.reset();
  return Reading::over;
}

Exchange::Reading Exchange::read() {
  State& s = *state_;
  const auto now = std::chrono::steady_clock::now();
  if (s.reader.state() == RequestReader::State::idle) s.received = now;
  const ssize_t count = ::recv(s.connection.get(), arrived.data(), arrived.size(), MSG_DONTWAIT);
  s.left_unread = count == static_cast<ssize_t>(arrived.size());
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return close();
  if (count > 0) s.reader.feed({arrived.data(), static_cast<std::size_t>(count)});
  if (const std::string replies = s.reader.take_replies(); !replies.empty()) {
    iovec whole = part(replies.data(), replies.size());
    std::size_t written = 0;
    if (!send_rest(s.connection.get(), {&whole, 1}, written)) return close();
  }
  switch (s.reader.state()) {
    case RequestReader::State::idle:
      return Reading::idle;
    case RequestReader::State::partly:
      return Reading::partly;
    case RequestReader::State::whole:
      s.read = now;
      return Reading::whole;
    case RequestReader::State::broken:
      break;
  }
  return close();
}

bool Exchange::left_unread() const {
  return state_->left_unread;
}

std::size_t Exchange::held_bytes() const {
  return state_->reader.held_bytes();
}

Request Exchange::request() {
  State& s = *state_;
  const auto& sent = s.reader.parameters();
  return {.method = sent.method,
          .target = sent.target,
          .authorization = sent.authorization,
          .content_type = sent.content_type,
          .content_encoding = sent.content_encoding,
          .idempotency_key =
              sent.idempotency_key.data() == nullptr ? std::nullopt : std::optional(sent.idempotency_key),
          .if_match = sent.if_match.data() == nullptr ? std::nullopt : std::optional(sent.if_match),
          .if_none_match = sent.if_none_match,
          .request_id = sent.request_id,
          .traceparent = sent.traceparent,
          .body = s.reader.take_body(),
          .readiness_details = sent.readiness_details == "on",
          .by_tcp = s.by_tcp,
          .body_too_large = s.reader.body_too_large(),
          .received = s.received,
          .read = s.read};
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
  head.append(response.etag.header());
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
  State& s = *state_;
  const bool written = write_output(s.connection.get(), s.reader.request_id(), s.output);
  if (!written && errno == EAGAIN) return Progress::partly;
  if (written && !s.output.last) return Progress::done;
  if (written && s.reader.keeps_connection()) {
    s.reader.finish();
    return Progress::done;
  }
  close();
  return Progress::over;
}

}  // namespace tasklane
