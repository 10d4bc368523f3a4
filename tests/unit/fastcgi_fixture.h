#pragma once
// An Exchange and its peer, the two ends of a socket pair.

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
    return exchange.read();
  }
  // Answers, however long the peer takes; false: the connection is over.
  bool write(const Response& response) {
    auto progress = exchange.write(response);
    if (progress == Exchange::Progress::partly) progress = exchange.write_out();
    return progress == Exchange::Progress::done;
  }
  // A fresh pair of which the server's side ends behind these bytes: whether a request was read.
  static bool reads_whole(const std::string& bytes) {
    ExchangeFixture fresh;
    fresh.peer.send(bytes);
    fresh.peer.finish_sending();
    return fresh.exchange.read().has_value();
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
