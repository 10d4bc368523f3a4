#include "https_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace load {

namespace asio = boost::asio;
using asio::use_awaitable;

namespace {

// The value of a header whose name is given in lower case; empty when it is not there.
std::string_view header(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
      return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
    });
    if (same) return line.substr(std::min(line.size(), name.size() + 2));
  }
  return {};
}

std::size_t number(std::string_view digits) {
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

HttpsConnection::HttpsConnection(asio::io_context& loop, unsigned short port)
    : loop_(loop), tls_(asio::ssl::context::tls_client), nginx_(asio::ip::address_v4::loopback(), port) {}

asio::awaitable<void> HttpsConnection::connect() {
  stream_.emplace(loop_, tls_);
  buffer_.clear();
  co_await stream_->next_layer().async_connect(nginx_, use_awaitable);
  stream_->next_layer().set_option(asio::ip::tcp::no_delay(true));
  co_await stream_->async_handshake(asio::ssl::stream_base::client, use_awaitable);
}

asio::awaitable<Answer> HttpsConnection::ask(std::string_view method, std::string_view path,
                                             std::string_view headers, std::string_view body) {
  const std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", method, path,
                  headers, body.size(), body);
  try {
    if (!stream_) co_await connect();
    co_await asio::async_write(*stream_, asio::buffer(request), use_awaitable);
    co_return co_await receive(method == "HEAD");
  } catch (...) {
    stream_.reset();
    throw;
  }
}

asio::awaitable<Answer> HttpsConnection::receive(bool bodiless) {
  const std::size_t size =
      co_await asio::async_read_until(*stream_, asio::dynamic_buffer(buffer_), "\r\n\r\n", use_awaitable);
  const std::string head = buffer_.substr(0, size);
  buffer_.erase(0, size);
  if (!head.starts_with("HTTP/1.1 ")) throw std::runtime_error("no HTTP answer");
  Answer answer{.status = static_cast<int>(number(std::string_view(head).substr(9, 3)))};
  answer.cors = !header(head, "access-control-allow-origin").empty();
  answer.json = header(head, "content-type").starts_with("application/json");
  answer.replayed = header(head, "idempotency-replayed") == "true";
  const std::size_t length = bodiless ? 0 : number(header(head, "content-length"));
  while (buffer_.size() < length) {
    char bytes[16'384];
    const std::size_t count = co_await stream_->async_read_some(asio::buffer(bytes), use_awaitable);
    buffer_.append(bytes, count);
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  if (header(head, "connection") == "close") stream_.reset();
  co_return answer;
}

}  // namespace load
