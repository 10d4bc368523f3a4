#pragma once
// An Exchange and its peer, the two ends of a socket pair.

#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>

#include "fastcgi/exchange.h"
#include "fastcgi_peer.h"

namespace tasklane {

struct SocketPair {
  SocketPair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      throw std::runtime_error("socketpair");
    worker = Descriptor(ends[0]);
    server = Descriptor(ends[1]);
  }
  Descriptor worker;
  Descriptor server;
};

struct ExchangeFixture {
  // Sends it and reads what the exchange makes of it.
  std::optional<Request> read(const std::string& bytes) {
    peer.send(bytes);
    return read();
  }
  // The next request, however long the peer takes. Empty: the connection is over.
  std::optional<Request> read() {
    while (true) {
      const auto reading = exchange.read();
      if (reading == Exchange::Reading::over) return std::nullopt;
      if (reading == Exchange::Reading::whole) return exchange.request();
      wait_for(POLLIN);
    }
  }
  // Answers, however long the peer takes; false: the connection is over.
  bool write(const Response& response) {
    auto progress = exchange.write(response);
    for (; progress == Exchange::Progress::partly; progress = exchange.write_on()) wait_for(POLLOUT);
    return progress == Exchange::Progress::done;
  }
  void wait_for(short event) const {
    constexpr int kPatienceMs = 20'000;
    pollfd polled{.fd = fd, .events = event, .revents = 0};
    if (::poll(&polled, 1, kPatienceMs) != 1) throw std::runtime_error("the peer is silent");
  }
  // A fresh pair of which the server's side ends behind these bytes: whether a request was read.
  static bool reads_whole(const std::string& bytes) {
    ExchangeFixture fresh;
    fresh.peer.send(bytes);
    fresh.peer.finish_sending();
    return fresh.read().has_value();
  }

  SocketPair sockets;
  const int fd = sockets.worker.get();  // the exchange's own
  fcgi::Peer peer{std::move(sockets.server)};
  Exchange exchange{std::move(sockets.worker)};
};

inline Response answer_of(std::string body) {
  return {.status = 200, .body = std::move(body)};
}

}  // namespace tasklane
