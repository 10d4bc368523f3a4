#pragma once
// The acceptor on a real unix socket, its handler and its peers.

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "awaiting.h"
#include "base/unix_address.h"
#include "fastcgi/acceptor.h"
#include "fastcgi_fixture.h"
#include "temporary_folder.h"

namespace tasklane {

namespace asio = boost::asio;

inline constexpr std::size_t kLarge = 1024 * 1024;  // more than a socket takes at once

struct AcceptorFixture {
  // So many pieces as `left` says, each of `piece`; then the end, `failure` or `exception`. Waits for `gate`
  // first.
  struct Pieces final : BodyPieces {
    explicit Pieces(AcceptorFixture& test) : of(test) {}
    asio::awaitable<Result<std::string>> next() override {
      ++of.pieces;
      boost::system::error_code opened;
      if (of.gated) co_await of.gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
      if (of.left > 0) co_return --of.left, of.piece;
      if (of.failure == Failure::thrown) throw std::runtime_error("cannot happen");
      if (of.failure == Failure::told) co_return fail(ErrorType::service_unavailable, "gone");
      co_return std::string();
    }
    AcceptorFixture& of;
  };
  enum class Failure { none, told, thrown };

  explicit AcceptorFixture(std::chrono::milliseconds with_peers = kTestPatience) : patience(with_peers) {
    acceptor.start();
  }

  Descriptor listen() {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(address.bind(socket.get()));
    BOOST_REQUIRE(::listen(socket.get(), 1024) == 0);
    return socket;
  }
  // -1 inside: refused.
  Descriptor connect() const {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!address.connect(socket.get())) return {};
    return socket;
  }
  fcgi::Peer peer() const {
    auto connection = connect();
    BOOST_REQUIRE(connection);
    return fcgi::Peer(std::move(connection));
  }

  // The answer's body.
  std::string answer(fcgi::Peer& from) {
    std::optional<std::string> text;
    run_until(loop, [&] { return (text = from.answer()) || from.ended(); });
    return text ? text->substr(text->find("\r\n\r\n") + 4) : "closed";
  }
  std::string ask(fcgi::Peer& of, const std::string& target) {
    of.send(fcgi::request("GET", target));
    return answer(of);
  }
  bool connections_become(std::uint64_t count) {
    return run_until(loop, [&] { return read(metrics.fastcgi_connections) == count; });
  }
  // Turns the loop until it has nothing left to do now.
  void settle() {
    loop.restart();
    loop.poll();
  }

  // Answers with the target; "/wait" waits for the gate, "/throw" throws, "/large" is 1 MiB, "/long" goes on.
  asio::awaitable<Response> handle(Request request) {
    ++requests;
    if (request.target == "/large") co_return answer_of(std::string(kLarge, 'x'));
    if (request.target == "/long") {
      Response response = answer_of("[");
      response.more = std::make_unique<Pieces>(*this);
      co_return response;
    }
    if (request.target == "/throw") throw std::runtime_error("cannot happen");
    boost::system::error_code opened;
    if (request.target == "/wait")
      co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    co_return answer_of(std::string(request.target) + request.body);
  }

  std::chrono::milliseconds patience;
  TemporaryFolder folder;
  UnixAddress address = UnixAddress::of(folder / "s").value();
  asio::io_context loop;
  asio::steady_timer gate{loop, asio::steady_timer::time_point::max()};
  WorkerMetrics metrics{};
  int requests = 0;
  int left = 0, pieces = 0;
  std::string piece;
  bool gated = false;
  Failure failure = Failure::none;
  std::vector<std::string> written;  // for each answer why it broke off, or nothing
  Acceptor acceptor{
      loop,
      {.local = listen()},
      [this](Request request) { return handle(std::move(request)); },
      metrics,
      [this](const Response&, const Error* error) { written.push_back(error ? error->detail : ""); },
      patience};
};

struct ImpatientFixture : AcceptorFixture {
  ImpatientFixture() : AcceptorFixture(std::chrono::milliseconds(50)) {}
};

}  // namespace tasklane
