#include "connection.h"

#include <fmt/format.h>

#include <boost/asio/use_awaitable.hpp>

namespace load {

namespace asio = boost::asio;
using asio::use_awaitable;

asio::awaitable<void> Connection::connect() {
  using Wants = client::HttpsClient::Wants;
  open_.emplace(loop_, server_);
  for (auto wanted = open_->client.shake_hands(); wanted != Wants::nothing;
       wanted = open_->client.shake_hands()) {
    const bool read = wanted == Wants::to_read;
    co_await open_->watch.async_wait(read ? open_->watch.wait_read : open_->watch.wait_write, use_awaitable);
  }
}

asio::awaitable<Answer> Connection::ask(std::string_view method, std::string_view path,
                                        std::string_view headers, std::string_view body) {
  const std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", method, path,
                  headers, body.size(), body);
  try {
    if (!open_) co_await connect();
    open_->client.send(request);
    co_return co_await receive();
  } catch (...) {
    open_.reset();
    throw;
  }
}

asio::awaitable<Answer> Connection::receive() {
  auto answer = open_->client.receive();
  for (; !answer; answer = open_->client.receive())
    co_await open_->watch.async_wait(open_->watch.wait_read, use_awaitable);
  Answer told{.status = answer->status,
              .body = std::string(answer->body),
              .cors = !answer->header("Access-Control-Allow-Origin").empty(),
              .json = answer->header("Content-Type").starts_with("application/json"),
              .replayed = answer->header("Idempotency-Replayed") == "true"};
  if (answer->header("Connection") == "close") open_.reset();
  co_return told;
}

}  // namespace load
