#pragma once
// One kept HTTPS connection to nginx on loopback: HTTP/1.1, one request at a time. Enough of the protocol for
// this project's answers, all of which carry a Content-Length or have no body.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/awaitable.h"

namespace load {

struct Answer {
  int status = 0;
  std::string body = {};
  bool cors = false;  // Access-Control-Allow-Origin is there
  bool json = false;
  bool replayed = false;  // Idempotency-Replayed: true
};

class HttpsConnection {
 public:
  HttpsConnection(boost::asio::io_context& loop, unsigned short port);

  // Connects first when there is no connection. Throws std::exception when it breaks; then it is closed.
  boost::asio::awaitable<Answer> ask(std::string_view method, std::string_view path, std::string_view headers,
                                     std::string_view body);

 private:
  using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

  boost::asio::awaitable<void> connect();
  boost::asio::awaitable<Answer> receive(bool bodiless);

  boost::asio::io_context& loop_;
  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::endpoint nginx_;
  std::optional<Stream> stream_;
  std::string buffer_;
};

}  // namespace load
