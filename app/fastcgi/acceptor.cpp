#include "fastcgi/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>

#include "base/limits.h"
#include "base/log.h"

namespace tasklane {

namespace asio = boost::asio;

namespace {

constexpr unsigned kReadable = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr unsigned kWritable = EPOLLOUT;
constexpr unsigned kClosed = EPOLLHUP | EPOLLERR;
constexpr unsigned kEnding = kClosed | EPOLLRDHUP;

asio::awaitable<Result<std::string>> next_piece(BodyPieces& body) {
  try {
    co_return co_await body.next();
  } catch (const std::exception& error) {
    co_return fail(ErrorType::internal_server_error, error.what());
  }
}

}  // namespace

struct Acceptor::Connection {
  Connection(Descriptor socket, bool by_tcp) : fd(socket.get()), exchange(std::move(socket), by_tcp) {}

  // Completes when bytes (or the end) arrive.
  asio::awaitable<void> arrival() {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this](auto handler) { resume = std::move(handler); }, asio::use_awaitable);
  }

  void notify(unsigned events) {
    gone = gone || (events & kClosed) != 0;
    if (timer != nullptr) timer->cancel();
    if ((events & ~kWritable) == 0) return;
    ending = ending || (events & kEnding) != 0;
    if (resume) {
      std::exchange(resume, nullptr)();
    } else {
      pending = true;  // read() is not awaited now
    }
  }

  // Whether there may be something to read already. An end is there until it is read.
  bool has_news() { return std::exchange(pending, false) || ending; }

  const int fd;
  Exchange exchange;
  bool pending = false;
  bool ending = false;  // the peer sends no more
  bool gone = false;  // the peer has closed it
  bool watches_room = false;
  asio::steady_timer* timer = nullptr;  // cancelled by every event
  std::move_only_function<void()> resume;
};

Acceptor::Acceptor(asio::io_context& loop, Listeners listeners, Handler handler, WorkerMetrics& metrics,
                   Written written, std::chrono::milliseconds patience)
    : loop_(loop),
      epoll_(loop, ::epoll_create1(EPOLL_CLOEXEC)),
      listeners_(std::move(listeners)),
      handler_(std::move(handler)),
      metrics_(metrics),
      written_(std::move(written)),
      patience_(patience),
      fewer_unwritten_(loop, asio::steady_timer::time_point::max()) {}

Acceptor::~Acceptor() = default;

void Acceptor::start() {
  listen(true);
  wait();
}

void Acceptor::drain(std::function<void()> drained) {
  if (drained_) return;
  drained_ = std::move(drained);
  if (listening_) listen(false);
  listeners_.local.reset();
  listeners_.tcp.reset();
  if (connections_.empty()) drained_();
}

void Acceptor::listen(bool on) {
  for (const Descriptor* const each : {&listeners_.local, &listeners_.tcp}) {
    if (*each) watch(each->get(), EPOLLIN, nullptr, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL);
  }
  listening_ = on;
}

void Acceptor::watch(int fd, unsigned events, Connection* connection, int operation) {
  epoll_event event{.events = events, .data = {.ptr = connection}};
  if (::epoll_ctl(epoll_.native_handle(), operation, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Acceptor::wait() {
  epoll_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (error) return;
                      collect();
                      wait();
                    });
}

void Acceptor::collect() {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* connection = static_cast<Connection*>(event.data.ptr);
    if (connection == nullptr) {
      accept_some();
    } else {
      connection->notify(event.events);  // may destroy it: each connection is reported once per epoll_wait
    }
  }
}

// Every worker wakes for a new connection: EPOLLEXCLUSIVE would spare none, the instance being nested. Who
// has few takes few, so that a small burst spreads over the workers. In a flood that doubles with every turn,
// or the queue would fill while the loop is busy with those it has. The level-triggered socket reports the
// rest.
void Acceptor::accept_some() {
  std::size_t left = std::min(1 + connections_.size(), limits::kAcceptsPerTurnMax);
  while (left-- > 0 && listening_ && accept_one()) continue;
}

// False: there is none. Another worker was faster, or descriptors have run out.
bool Acceptor::accept_one() {
  return accept_from(listeners_.local, false) ||
         (listening_ && listeners_.tcp && accept_from(listeners_.tcp, true));
}

bool Acceptor::accept_from(const Descriptor& listener, bool tcp) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  void* const generic = &peer;
  Descriptor accepted(::accept4(listener.get(), tcp ? static_cast<sockaddr*>(generic) : nullptr,
                                tcp ? &size : nullptr, SOCK_CLOEXEC));
  if (!accepted) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      log::error("cannot accept a connection", {{"errno", errno}});
      if (!connections_.empty()) listen(false);  // forget() listens again
    }
    return false;
  }
  if (tcp && !may_connect(peer)) return true;
  auto connection = std::make_unique<Connection>(std::move(accepted), tcp);
  Connection& reference = *connection;
  connections_.emplace(&reference, std::move(connection));
  metrics_.fastcgi_connections.store(connections_.size(), std::memory_order_relaxed);
  watch(reference.fd, kReadable, &reference, EPOLL_CTL_ADD);
  asio::co_spawn(loop_, serve(reference), asio::detached);
  if (connections_.size() >= limits::kConnectionsPerWorkerMax) listen(false);
  return true;
}

// A stranger could fill the log: the next one is told when this one has been for a while.
bool Acceptor::may_connect(const sockaddr_storage& peer) {
  const auto address = IpAddress::of(peer);
  if (address && std::ranges::any_of(listeners_.allowed,
                                     [&](const IpNetwork& network) { return network.contains(*address); }))
    return true;
  const auto now = std::chrono::steady_clock::now();
  if (!refusal_told_ || now - *refusal_told_ >= limits::kRefusedPeerToldInterval) {
    refusal_told_ = now;
    log::warning("a connection that FASTCGI_ALLOW does not list was closed",
                 {{"peer", address ? address->text() : "unknown"}});
  }
  return false;
}

asio::awaitable<void> Acceptor::serve(Connection& connection) {
  try {
    while (true) {
      if (connection.exchange.left_unread()) {
        co_await asio::post(loop_, asio::use_awaitable);  // the others' turn
      } else if (!connection.has_news()) {
        co_await connection.arrival();
      }
      auto reading = connection.exchange.read();
      if (reading == Exchange::Reading::partly) reading = co_await read_rest(connection);
      if (reading == Exchange::Reading::over) break;
      if (reading == Exchange::Reading::idle) continue;
      Response response = co_await handler_(connection.exchange.request());
      if (!response.more) add(metrics_.requests_answered);
      const Exchange::Progress progress = connection.exchange.write(response);
      bool kept = progress == Exchange::Progress::done;
      std::optional<Error> broken_off;
      if (progress == Exchange::Progress::partly || response.more)
        kept = co_await write_rest(connection, response, progress, broken_off);
      if (response.more) add(metrics_.requests_answered);  // not sooner: the worker is not idle meanwhile
      written_(response, broken_off ? &*broken_off : nullptr);
      if (!kept) break;
    }
  } catch (const std::exception& error) {
    log::error("connection failed", {{"error", error.what()}});
  }
  forget(connection);
}

// A request whose first bytes are here has so long for all others, however they drip.
asio::awaitable<Exchange::Reading> Acceptor::read_rest(Connection& connection) {
  const auto until = std::chrono::steady_clock::now() + patience_;
  auto reading = Exchange::Reading::partly;
  std::size_t held = 0;
  bool in_time = true;
  while (true) {
    partly_read_bytes_ += connection.exchange.held_bytes() - held;
    held = connection.exchange.held_bytes();
    const bool fits = partly_read_bytes_ <= limits::kPartlyReadMaxBytes;
    if (reading != Exchange::Reading::partly || !in_time || !fits) break;
    if (connection.exchange.left_unread()) {
      co_await asio::post(loop_, asio::use_awaitable);
      in_time = std::chrono::steady_clock::now() < until;
    } else if (!connection.has_news()) {
      in_time = co_await notified(connection, until);
      connection.pending = false;
    }
    reading = connection.exchange.read();  // when it is late, too: the loop may have been
  }
  partly_read_bytes_ -= held;
  co_return reading == Exchange::Reading::partly ? Exchange::Reading::over : reading;
}

// What the kernel has not taken at once, and all that follows. An answer that is broken off ends with its
// connection: nginx then cuts the client's, which so never takes it for a whole one.
asio::awaitable<bool> Acceptor::write_rest(Connection& connection, Response& response,
                                           Exchange::Progress progress, std::optional<Error>& broken_off) {
  bool ended = response.head || !response.more;
  while (true) {
    if (progress == Exchange::Progress::partly)
      progress = co_await write_on(connection, response.body.size());
    if (ended || progress == Exchange::Progress::over) break;
    response.body = {};  // the kernel has it
    co_await few_unwritten();
    auto piece = co_await next_piece(*response.more);
    if (!piece) broken_off = std::move(piece.error());
    if (broken_off || connection.gone) co_return false;
    response.body = *std::move(piece);
    ended = response.body.empty();
    progress = connection.exchange.write_piece(response.body);
  }
  if (progress == Exchange::Progress::done && std::exchange(connection.watches_room, false))
    watch(connection.fd, kReadable, &connection, EPOLL_CTL_MOD);
  co_return progress == Exchange::Progress::done;
}

asio::awaitable<Exchange::Progress> Acceptor::write_on(Connection& connection, std::size_t bytes) {
  if (unwritten_bytes_ + bytes > limits::kUnwrittenLimitBytes) co_return Exchange::Progress::over;
  if (!std::exchange(connection.watches_room, true))
    watch(connection.fd, kReadable | kWritable, &connection, EPOLL_CTL_MOD);
  unwritten_bytes_ += bytes;
  const auto until = std::chrono::steady_clock::now() + patience_;
  auto progress = Exchange::Progress::partly;
  while (progress == Exchange::Progress::partly) {
    const bool in_time = co_await notified(connection, until) && !connection.gone;
    progress = in_time ? connection.exchange.write_on() : Exchange::Progress::over;
  }
  unwritten_bytes_ -= bytes;
  fewer_unwritten_.cancel();
  co_return progress;
}

// Before another piece of a body is made.
asio::awaitable<void> Acceptor::few_unwritten() {
  boost::system::error_code cancelled;
  while (unwritten_bytes_ > limits::kUnwrittenMaxBytes)
    co_await fewer_unwritten_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

// False: no event before `until`.
asio::awaitable<bool> Acceptor::notified(Connection& connection,
                                         std::chrono::steady_clock::time_point until) {
  asio::steady_timer timer(loop_, until);
  connection.timer = &timer;
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  connection.timer = nullptr;
  co_return cancelled;
}

void Acceptor::forget(Connection& connection) {
  connections_.erase(&connection);
  metrics_.fastcgi_connections.store(connections_.size(), std::memory_order_relaxed);
  if (drained_) {
    if (connections_.empty()) drained_();
  } else if (!listening_) {
    listen(true);
  }
}

}  // namespace tasklane
