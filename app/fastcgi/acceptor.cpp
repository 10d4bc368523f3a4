#include "fastcgi/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
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

asio::awaitable<Result<std::string>> next_piece(BodyPieces& body) {
  try {
    co_return co_await body.next();
  } catch (const std::exception& error) {
    co_return fail(ErrorType::internal_server_error, error.what());
  }
}

}  // namespace

struct Acceptor::Connection {
  explicit Connection(Descriptor socket) : fd(socket.get()), exchange(std::move(socket)) {}

  // Completes when bytes (or the end) arrive.
  asio::awaitable<void> notification() {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this](auto handler) { resume = std::move(handler); }, asio::use_awaitable);
  }

  void notify(unsigned events) {
    gone = gone || (events & kClosed) != 0;
    if (room != nullptr) room->cancel();
    if ((events & ~kWritable) == 0) return;
    if (resume) {
      std::exchange(resume, nullptr)();
    } else {
      pending = true;  // in the middle of a request: the peer hung up
    }
  }

  const int fd;
  Exchange exchange;
  bool pending = false;
  bool gone = false;  // the peer has closed it
  bool watches_room = false;
  asio::steady_timer* room = nullptr;  // cancelled when there may be room for more of an answer
  std::move_only_function<void()> resume;
};

Acceptor::Acceptor(asio::io_context& loop, Descriptor listener, Handler handler, WorkerMetrics& metrics,
                   Written written, std::chrono::milliseconds patience)
    : loop_(loop),
      epoll_(loop, ::epoll_create1(EPOLL_CLOEXEC)),
      listener_(std::move(listener)),
      handler_(std::move(handler)),
      metrics_(metrics),
      written_(std::move(written)),
      patience_(patience) {}

Acceptor::~Acceptor() = default;

void Acceptor::start() {
  listen(true);
  wait();
}

void Acceptor::drain(std::function<void()> drained) {
  if (drained_) return;
  drained_ = std::move(drained);
  if (listening_) listen(false);
  listener_.reset();
  if (connections_.empty()) drained_();
}

void Acceptor::listen(bool on) {
  watch(listener_.get(), EPOLLIN, nullptr, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL);
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
  Descriptor accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      log::error("cannot accept a connection", {{"errno", errno}});
      if (!connections_.empty()) listen(false);  // forget() listens again
    }
    return false;
  }
  auto connection = std::make_unique<Connection>(std::move(accepted));
  Connection& reference = *connection;
  connections_.emplace(&reference, std::move(connection));
  metrics_.fastcgi_connections.store(connections_.size(), std::memory_order_relaxed);
  watch(reference.fd, kReadable, &reference, EPOLL_CTL_ADD);
  asio::co_spawn(loop_, serve(reference), asio::detached);
  if (connections_.size() >= limits::kConnectionsPerWorkerMax) listen(false);
  return true;
}

asio::awaitable<void> Acceptor::serve(Connection& connection) {
  try {
    while (true) {
      if (!std::exchange(connection.pending, false)) co_await connection.notification();
      auto request = connection.exchange.read();
      if (!request) break;
      Response response = co_await handler_(std::move(*request));
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
  if (unwritten_bytes_ + bytes > limits::kUnwrittenMaxBytes) co_return connection.exchange.write_out();
  unwritten_bytes_ += bytes;
  auto progress = Exchange::Progress::partly;
  while (progress == Exchange::Progress::partly) {
    progress = co_await takes_more(connection) ? connection.exchange.write_on() : Exchange::Progress::over;
  }
  unwritten_bytes_ -= bytes;
  co_return progress;
}

// False: not in time, or never again.
asio::awaitable<bool> Acceptor::takes_more(Connection& connection) {
  if (!std::exchange(connection.watches_room, true))
    watch(connection.fd, kReadable | kWritable, &connection, EPOLL_CTL_MOD);
  asio::steady_timer room(loop_, patience_);
  connection.room = &room;
  boost::system::error_code cancelled;
  co_await room.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  connection.room = nullptr;
  co_return cancelled && !connection.gone;
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
