#pragma once
// Accepts FastCGI connections and watches the kept ones; each is a coroutine that reads a request, has it
// answered and waits for the next. Draining: no connection is accepted any more, those that exist are served
// until nginx closes them. A worker never closes an idle connection itself: nginx could be writing a request
// to it, and a POST lost that way is a 502 that nobody can safely repeat.
//
// Connections are watched by an epoll instance of their own, edge-triggered, inside the loop's: one wake-up
// collects all that are readable, and a kept connection costs no system call between requests.
//
// No peer holds up the loop. A request is whole limits::kFastcgiIoTimeout after its first bytes, or its
// connection is closed; what is longer than the kernel takes at once is written as the peer takes it, and an
// answer, or its next piece, gets as long. Requests that are not whole and answers that are not taken share
// bounded memory: past it their connections are closed.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/awaitable.h"
#include "base/descriptors.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "fastcgi/exchange.h"
#include "http/message.h"

namespace tasklane {

// Non-blocking listening sockets that other workers share.
struct Listeners {
  Descriptor local;                     // the unix socket; its file's mode says who may connect
  Descriptor tcp = {};                  // FASTCGI_LISTEN; none: owns nothing
  std::vector<IpNetwork> allowed = {};  // who may connect there; any other peer is closed at once
};

class Acceptor {
 public:
  using Handler = std::function<boost::asio::awaitable<Response>(Request)>;
  // `broken_off`: why the body has not come to its end; null: it has, as far as we are concerned.
  using Written = std::function<void(const Response&, const Error* broken_off)>;

  // `written` hears of every response once nginx has it, or will never have it. `patience` is for a whole
  // request to arrive and for an answer to be taken. Throws std::system_error.
  Acceptor(
      boost::asio::io_context& loop, Listeners listeners, Handler handler, WorkerMetrics& metrics,
      Written written = [](const Response&, const Error*) {},
      std::chrono::milliseconds patience = limits::kFastcgiIoTimeout);
  ~Acceptor();

  void start();
  // Calls `drained` once the last connection is closed. Repeated calls change nothing.
  void drain(std::function<void()> drained);

 private:
  struct Connection;

  void watch(int fd, unsigned events, Connection* connection, int operation);
  void wait();
  void collect();
  void accept_some();
  bool accept_one();
  bool accept_from(const Descriptor& listener, bool tcp);
  bool may_connect(const sockaddr_storage& peer);
  void listen(bool on);
  boost::asio::awaitable<void> serve(Connection& connection);
  boost::asio::awaitable<bool> write_rest(Connection& connection, Response& response,
                                          Exchange::Progress progress, std::optional<Error>& broken_off);
  boost::asio::awaitable<Exchange::Reading> read_rest(Connection& connection);
  boost::asio::awaitable<Exchange::Progress> write_on(Connection& connection, std::size_t bytes);
  boost::asio::awaitable<bool> notified(Connection& connection, std::chrono::steady_clock::time_point until);
  boost::asio::awaitable<void> few_unwritten();
  void forget(Connection& connection);

  boost::asio::io_context& loop_;
  boost::asio::posix::stream_descriptor epoll_;
  Listeners listeners_;
  std::optional<std::chrono::steady_clock::time_point> refusal_told_;
  bool listening_ = false;
  Handler handler_;
  WorkerMetrics& metrics_;
  Written written_;
  std::chrono::milliseconds patience_;
  std::size_t partly_read_bytes_ = 0;          // of requests that are not whole
  std::size_t unwritten_bytes_ = 0;            // of texts that wait for their connection to take more
  boost::asio::steady_timer fewer_unwritten_;  // cancelled when they get fewer
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::function<void()> drained_;
};

}  // namespace tasklane
