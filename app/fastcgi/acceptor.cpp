#include "fastcgi/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>

#include "base/limits.h"
#include "base/log.h"

namespace tasklane {

namespace asio = boost::asio;

struct Acceptor::Connection {
  explicit Connection(Descriptor fd) : exchange(std::move(fd)) {}

  // Completes when bytes (or the end) arrive.
  asio::awaitable<void> notification() {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this](auto handler) { resume = std::move(handler); }, asio::use_awaitable);
  }

  void notify() {
    if (resume) {
      std::exchange(resume, nullptr)();
    } else {
      pending = true;  // in the middle of a request: the peer hung up
    }
  }

  Exchange exchange;
  bool pending = false;
  std::move_only_function<void()> resume;
};

Acceptor::Acceptor(asio::io_context& loop, Descriptor listener, Handler handler, WorkerMetrics& metrics,
                   Written written)
    : loop_(loop),
      epoll_(loop, ::epoll_create1(EPOLL_CLOEXEC)),
      listener_(std::move(listener)),
      handler_(std::move(handler)),
      metrics_(metrics),
      written_(std::move(written)) {}

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
    auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (connection == nullptr) {
      accept_some();
    } else {
      connection->notify();  // may destroy it: each connection is reported once per epoll_wait
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
  const int fd = accepted.get();
  auto connection = std::make_unique<Connection>(std::move(accepted));
  Connection& reference = *connection;
  connections_.emplace(&reference, std::move(connection));
  metrics_.fastcgi_connections.store(connections_.size(), std::memory_order_relaxed);
  watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET, &reference, EPOLL_CTL_ADD);
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
      const Response response = co_await handler_(std::move(*request));
      add(metrics_.requests_answered);
      const bool kept = connection.exchange.write(response);
      written_(response);
      if (!kept) break;
    }
  } catch (const std::exception& error) {
    log::error("connection failed", {{"error", error.what()}});
  }
  forget(connection);
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
