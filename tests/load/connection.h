#pragma once
// A user's connection to nginx, in Asio's loop: kept, opened anew when it broke.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/awaitable.h"
#include "client/https_client.h"

namespace load {

struct Answer {
  int status = 0;
  std::string body = {};
  bool cors = false;  // Access-Control-Allow-Origin is there
  bool json = false;
  bool replayed = false;  // Idempotency-Replayed: true
};

// Where nginx is, and the TLS of all connections to it.
struct Server {
  unsigned short port;
  client::TlsContext context = client::make_tls_context();
};

class Connection {
 public:
  Connection(boost::asio::io_context& loop, const Server& server) : loop_(loop), server_(server) {}

  // Connects first when there is no connection. Throws std::exception when it breaks; then it is closed.
  boost::asio::awaitable<Answer> ask(std::string_view method, std::string_view path, std::string_view headers,
                                     std::string_view body);

 private:
  struct Open {
    Open(boost::asio::io_context& loop, const Server& server)
        : client(*server.context, server.port), watch(loop, client.descriptor()) {}
    ~Open() { watch.release(); }

    client::HttpsClient client;
    boost::asio::posix::stream_descriptor watch;
  };

  boost::asio::awaitable<void> connect();
  boost::asio::awaitable<Answer> receive();

  boost::asio::io_context& loop_;
  const Server& server_;
  std::optional<Open> open_;
};

}  // namespace load
