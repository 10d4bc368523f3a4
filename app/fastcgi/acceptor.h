#pragma once
// Accepts FastCGI connections and watches the kept ones; each is a coroutine that reads a request, has it
// answered and waits for the next. Draining: no connection is accepted any more, those that exist are served
// until nginx closes them. A worker never closes an idle connection itself: nginx could be writing a request
// to it, and a POST lost that way is a 502 that nobody can safely repeat.
//
// Connections are watched by an epoll instance of their own, edge-triggered, inside the loop's: one wake-up
// collects all that are readable, a kept connection costs no system call between requests, and the sockets
// stay blocking, as libfcgi needs them (Asio would switch them to non-blocking).
//
// Most answers are with the kernel at once. What is longer than it takes is written as nginx takes it, and
// the loop goes on meanwhile; only past limits::kUnwrittenMaxBytes of such texts it waits, so that answers
// never pile up.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/awaitable.h"
#include "base/descriptors.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "fastcgi/exchange.h"
#include "http/message.h"

namespace tasklane {

class Acceptor {
 public:
  using Handler = std::function<boost::asio::awaitable<Response>(Request)>;
  // `broken_off`: why the body has not come to its end; null: it has, as far as we are concerned.
  using Written = std::function<void(const Response&, const Error* broken_off)>;

  // `listener` is a non-blocking listening socket that other workers share. `written` hears of every response
  // once nginx has it, or will never have it. `patience` is with an nginx that takes nothing. Throws
  // std::system_error.
  Acceptor(
      boost::asio::io_context& loop, Descriptor listener, Handler handler, WorkerMetrics& metrics,
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
  void listen(bool on);
  boost::asio::awaitable<void> serve(Connection& connection);
  boost::asio::awaitable<bool> write_rest(Connection& connection, Response& response,
                                          Exchange::Progress progress, std::optional<Error>& broken_off);
  boost::asio::awaitable<Exchange::Progress> write_on(Connection& connection, std::size_t bytes);
  boost::asio::awaitable<bool> takes_more(Connection& connection);
  void forget(Connection& connection);

  boost::asio::io_context& loop_;
  boost::asio::posix::stream_descriptor epoll_;
  Descriptor listener_;
  bool listening_ = false;
  Handler handler_;
  WorkerMetrics& metrics_;
  Written written_;
  std::chrono::milliseconds patience_;
  std::size_t unwritten_bytes_ = 0;  // of texts that wait for their connection to take more
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::function<void()> drained_;
};

}  // namespace tasklane
