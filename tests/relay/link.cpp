#include "link.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace relay {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kHeldMaxBytes = 16 * 1024 * 1024;  // of one direction; past it reading pauses

void send_at_once(Socket& socket) {
  boost::system::error_code of_a_unix_socket;
  socket.set_option(asio::ip::tcp::no_delay(true), of_a_unix_socket);
}

}  // namespace

Link::Link(asio::io_context& loop, Traffic& traffic, Socket client)
    : loop_(loop),
      traffic_(traffic),
      client_(std::move(client)),
      server_(loop),
      up_(loop, client_, server_),
      down_(loop, server_, client_) {
  traffic_.open_max = std::max(traffic_.open_max, ++traffic_.open);
}

Link::~Link() {
  cut();
}

void Link::start(Clock::time_point connect_at) {
  asio::co_spawn(
      loop_, [self = shared_from_this(), connect_at] { return self->connect(connect_at); }, asio::detached);
}

asio::awaitable<void> Link::connect(Clock::time_point at) {
  boost::system::error_code error;
  up_.wake.expires_at(at);
  co_await up_.wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (!open_) co_return;
  co_await server_.async_connect(traffic_.server, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    ++traffic_.unreached;
    co_return cut();
  }
  send_at_once(client_);
  send_at_once(server_);
  const auto self = shared_from_this();
  for (Flow* flow : {&up_, &down_}) {
    asio::co_spawn(
        loop_, [self, flow] { return self->read(*flow); }, asio::detached);
    asio::co_spawn(
        loop_, [self, flow] { return self->write(*flow); }, asio::detached);
  }
}

asio::awaitable<void> Link::read(Flow& flow) {
  std::array<char, 65'536> bytes;
  boost::system::error_code error;
  while (open_) {
    const std::size_t count = co_await flow.from.async_read_some(
        asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (!open_) co_return;
    if (error) co_return hold(flow, {}, true);
    traffic_.active = Clock::now();
    traffic_.bytes += count;
    const std::string_view chunk(bytes.data(), count);
    const Verdict verdict = &flow == &up_ ? asked(chunk) : answered(chunk);
    if (verdict == Verdict::cut) co_return cut();
    if (verdict != Verdict::withhold) hold(flow, std::string(chunk), verdict == Verdict::forward_and_cut);
    if (verdict == Verdict::forward_and_cut) co_return;
    while (open_ && flow.held_bytes > kHeldMaxBytes) {
      flow.room.expires_after(std::chrono::milliseconds(5));
      co_await flow.room.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void Link::hold(Flow& flow, std::string bytes, bool last) {
  flow.held_bytes += bytes.size();
  flow.chunks.push_back({.due = Clock::now() + traffic_.delay, .bytes = std::move(bytes), .last = last});
  flow.wake.cancel();
}

asio::awaitable<void> Link::write(Flow& flow) {
  boost::system::error_code error;
  while (open_) {
    const bool nothing = traffic_.stalled || flow.chunks.empty();
    if (nothing || flow.chunks.front().due > Clock::now()) {
      flow.wake.expires_at(nothing ? Clock::time_point::max() : flow.chunks.front().due);
      co_await flow.wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    const Chunk chunk = std::move(flow.chunks.front());
    flow.chunks.pop_front();
    flow.held_bytes -= chunk.bytes.size();
    co_await asio::async_write(flow.to, asio::buffer(chunk.bytes),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error || chunk.last) co_return cut();
  }
}

void Link::poke() {
  up_.wake.cancel();
  down_.wake.cancel();
}

void Link::cut() {
  if (!std::exchange(open_, false)) return;
  --traffic_.open;
  boost::system::error_code ignored;
  client_.close(ignored);
  server_.close(ignored);
  for (Flow* flow : {&up_, &down_}) {
    flow->wake.cancel();
    flow->room.cancel();
  }
}

void Link::end(std::string_view sqlstate, std::string_view message) {
  if (!server_.is_open() || opaque_) return cut();
  hold(down_, fatal_error(sqlstate, message), true);
}

// What the client says.
Link::Verdict Link::asked(std::string_view bytes) {
  if (!std::exchange(client_speaks_, true)) ++traffic_.turns;
  if (opaque_) return Verdict::forward;
  bool cuts = false;
  from_client_.feed(bytes, [&](char type, std::string_view body) {
    if (!ends_request(type, body)) return;
    const Request request = std::exchange(forming_, {});
    unanswered_.push_back(request);
    if (!request.executes) return;
    ++traffic_.requests;
    if (traffic_.cut_queries == 0) return;
    --traffic_.cut_queries;
    ++traffic_.cut;
    cuts = true;
  });
  return cuts ? Verdict::forward_and_cut : Verdict::forward;
}

bool Link::ends_request(char type, std::string_view body) {
  switch (type) {
    case '\0':
      started(body);
      return false;
    case 'P':
      statements_.parsed(body);
      return false;
    case 'B':
      forming_.writes = forming_.writes || statements_.binds_a_write(body);
      return false;
    case 'E':
      ++traffic_.statements;
      forming_.executes = true;
      return false;
    case 'Q':
      ++traffic_.statements;
      forming_ = {.writes = KnownStatements::writes(body), .executes = true};
      return true;
    case 'S':
      return true;
    default:
      return false;
  }
}

void Link::started(std::string_view body) {
  const std::uint32_t code = number_of(body);
  if (code == kTlsRequest || code == kGssRequest) {
    tls_asked_ = true;
  } else if (code == kCancelRequest) {
    ++traffic_.cancels;
  } else {
    ++traffic_.sessions;
    from_client_.typed = true;
  }
}

// What the server says.
Link::Verdict Link::answered(std::string_view bytes) {
  client_speaks_ = false;
  if (std::exchange(tls_asked_, false)) {
    opaque_ = bytes.front() != 'N';
    bytes.remove_prefix(1);
  }
  if (opaque_) return Verdict::forward;
  bool committed = false;
  from_server_.feed(bytes, [&](char type, std::string_view) {
    if (unanswered_.empty()) return;
    if (unanswered_.front().writes && traffic_.swallows > 0 && !withholding_) {
      --traffic_.swallows;
      withholding_ = true;
    }
    if (type != 'Z') return;
    unanswered_.pop_front();
    committed = committed || withholding_;
  });
  if (!committed) return withholding_ ? Verdict::withhold : Verdict::forward;
  ++traffic_.swallowed;
  return Verdict::cut;
}

}  // namespace relay
