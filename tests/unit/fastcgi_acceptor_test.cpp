// The acceptor on a real unix socket: many connections, peers that leave, and draining.

#include <sys/resource.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "awaiting.h"
#include "base/unix_address.h"
#include "fastcgi/acceptor.h"
#include "fastcgi_fixture.h"
#include "temporary_folder.h"

using namespace tasklane;
namespace asio = boost::asio;

namespace {

struct AcceptorFixture {
  AcceptorFixture() { acceptor.start(); }

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
    run_until(loop, [&] { return (text = from.answer()) || from.closed(); });
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

  // Answers with the target; "/wait" waits for the gate, "/throw" throws.
  asio::awaitable<Response> handle(Request request) {
    ++requests;
    if (request.target == "/throw") throw std::runtime_error("cannot happen");
    boost::system::error_code opened;
    if (request.target == "/wait")
      co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    co_return answer_of(std::string(request.target) + request.body);
  }

  TemporaryFolder folder;
  UnixAddress address = UnixAddress::of(folder / "s").value();
  asio::io_context loop;
  asio::steady_timer gate{loop, asio::steady_timer::time_point::max()};
  WorkerMetrics metrics{};
  int requests = 0;
  Acceptor acceptor{loop, listen(), [this](Request request) { return handle(std::move(request)); }, metrics};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fastcgi_acceptor, AcceptorFixture)

BOOST_AUTO_TEST_CASE(serves_many_connections_and_request_after_request_on_each) {
  std::vector<fcgi::Peer> peers;
  for (int i = 0; i < 200; ++i) peers.push_back(peer());
  for (const std::string round : {"a", "b", "c"}) {
    for (std::size_t i = 0; i < peers.size(); ++i)
      peers[i].send(fcgi::request("GET", "/" + round + std::to_string(i)));
    for (std::size_t i = 0; i < peers.size(); ++i)
      BOOST_TEST(answer(peers[i]) == "/" + round + std::to_string(i));
  }
  BOOST_TEST(read(metrics.fastcgi_connections) == 200U);
  BOOST_TEST(requests == 600);
}

BOOST_AUTO_TEST_CASE(forgets_an_idle_connection_that_its_peer_closed) {
  auto used = peer();
  auto unused = peer();
  BOOST_TEST(ask(used, "/a") == "/a");
  BOOST_TEST(connections_become(2));
  used.close();
  BOOST_TEST(connections_become(1));
  unused.close();
  BOOST_TEST(connections_become(0));
}

BOOST_AUTO_TEST_CASE(a_peer_that_leaves_in_the_middle_of_a_request_is_forgotten_behind_it) {
  auto leaving = peer();
  auto other = peer();
  leaving.send(fcgi::request("GET", "/wait"));
  BOOST_TEST(run_until(loop, [&] { return requests == 1; }));
  leaving.close();
  BOOST_TEST(ask(other, "/a") == "/a");
  BOOST_TEST(read(metrics.fastcgi_connections) == 2U);  // its handler is still at work
  gate.cancel();
  BOOST_TEST(connections_become(1));
  BOOST_TEST(ask(other, "/b") == "/b");
}

BOOST_AUTO_TEST_CASE(a_peer_that_sends_no_more_still_gets_its_answer_and_is_forgotten) {
  auto last = peer();
  last.send(fcgi::request("GET", "/wait"));
  BOOST_TEST(run_until(loop, [&] { return requests == 1; }));
  last.finish_sending();
  settle();
  gate.cancel();
  BOOST_TEST(answer(last) == "/wait");
  BOOST_TEST(connections_become(0));
}

BOOST_AUTO_TEST_CASE(a_request_that_comes_byte_by_byte_leaves_the_connection_as_any_other) {
  auto slow = peer();
  for (int round = 0; round < 3; ++round) {
    std::jthread sender([&] {
      for (const char byte : fcgi::request("POST", "/slow", "body")) {
        slow.send({&byte, 1});
        std::this_thread::yield();
      }
    });
    BOOST_TEST(run_until(loop, [&] { return requests == round + 1; }));
    sender.join();
    BOOST_TEST(answer(slow) == "/slowbody");
    settle();  // a stale report of readable bytes would block here until it is given up, and close
  }
  BOOST_TEST(!slow.closed());
}

BOOST_AUTO_TEST_CASE(garbage_closes_its_own_connection_only) {
  auto bad = peer();
  auto good = peer();
  bad.send("GET / HTTP/1.1\r\n\r\n");
  BOOST_TEST(run_until(loop, [&] { return bad.closed(); }));
  BOOST_TEST(ask(good, "/a") == "/a");
  BOOST_TEST(connections_become(1));
}

BOOST_AUTO_TEST_CASE(an_exception_closes_its_own_connection_only) {
  auto bad = peer();
  auto good = peer();
  BOOST_TEST(ask(bad, "/throw") == "closed");
  BOOST_TEST(ask(good, "/a") == "/a");
  BOOST_TEST(connections_become(1));
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_not_kept_is_closed_and_forgotten) {
  auto once = peer();
  once.send(fcgi::request("GET", "/a", "", false));
  BOOST_TEST(answer(once) == "/a");
  BOOST_TEST(run_until(loop, [&] { return once.closed(); }));
  BOOST_TEST(connections_become(0));
}

BOOST_AUTO_TEST_CASE(without_free_descriptors_connections_wait_their_turn) {
  std::vector<fcgi::Peer> peers;
  for (int i = 0; i < 10; ++i) peers.push_back(peer());
  rlimit before{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = Descriptor(::dup(0)).get();
  const rlimit few{.rlim_cur = static_cast<rlim_t>(next) + 3, .rlim_max = before.rlim_max};
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  settle();
  const auto accepted = read(metrics.fastcgi_connections);
  BOOST_TEST((accepted > 0 && accepted < 10), accepted);
  BOOST_TEST(ask(peers[0], "/a") == "/a");
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  peers[0].close();
  BOOST_TEST(connections_become(9));
  for (std::size_t i = 1; i < peers.size(); ++i) BOOST_TEST(ask(peers[i], "/b") == "/b");
}

BOOST_AUTO_TEST_CASE(draining_ends_when_the_peers_have_closed) {
  auto first = peer();
  auto second = peer();
  BOOST_TEST(ask(first, "/a") == "/a");
  second.send(fcgi::request("GET", "/wait"));
  BOOST_TEST(run_until(loop, [&] { return requests == 2; }));

  int drained = 0;
  acceptor.drain([&] { ++drained; });
  acceptor.drain([&] { drained += 100; });  // changes nothing
  BOOST_TEST(!connect());                   // refused: a new connection is another worker's
  BOOST_TEST(ask(first, "/b") == "/b");     // kept connections are served on
  settle();
  BOOST_TEST(drained == 0);

  first.close();
  BOOST_TEST(connections_become(1));
  BOOST_TEST(drained == 0);
  gate.cancel();
  BOOST_TEST(answer(second) == "/wait");
  BOOST_TEST(ask(second, "/c") == "/c");
  settle();
  BOOST_TEST(drained == 0);
  BOOST_TEST(!second.closed());
  second.close();
  BOOST_TEST(run_until(loop, [&] { return drained == 1; }));
}

BOOST_AUTO_TEST_CASE(draining_without_connections_ends_at_once) {
  int drained = 0;
  acceptor.drain([&] { ++drained; });
  BOOST_TEST(drained == 1);
  BOOST_TEST(!connect());
}

BOOST_AUTO_TEST_SUITE_END()
