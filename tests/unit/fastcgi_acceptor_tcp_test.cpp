// The acceptor with a socket by TCP beside the unix socket: who may connect, and what a request tells of it.

#include <arpa/inet.h>
#include <netinet/in.h>

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "fastcgi_acceptor_fixture.h"

using namespace tasklane;

namespace {

sockaddr_storage loopback(const char* address, std::uint16_t port) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  BOOST_REQUIRE_EQUAL(::inet_pton(AF_INET, address, &four.sin_addr), 1);
  sockaddr_storage storage{};
  std::memcpy(&storage, &four, sizeof four);
  return storage;
}

// Every address of 127.0.0.0/8 is this host's: peers differ by theirs.
struct TcpFixture {
  explicit TcpFixture(std::vector<IpNetwork> networks = {*IpNetwork::of("127.0.0.2"),
                                                         *IpNetwork::of("127.1.0.0/16")})
      : allowed(std::move(networks)) {
    acceptor.start();
  }

  Descriptor listen_by_tcp() {
    Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_storage address = loopback("127.0.0.1", 0);
    socklen_t size = sizeof(sockaddr_in);
    void* const generic = &address;
    BOOST_REQUIRE_EQUAL(::bind(fd.get(), static_cast<sockaddr*>(generic), size), 0);
    BOOST_REQUIRE_EQUAL(::listen(fd.get(), 64), 0);
    BOOST_REQUIRE_EQUAL(::getsockname(fd.get(), static_cast<sockaddr*>(generic), &size), 0);
    sockaddr_in four;
    std::memcpy(&four, &address, sizeof four);
    port = ntohs(four.sin_port);
    return fd;
  }
  Descriptor listen_locally() {
    Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(path.bind(fd.get()));
    BOOST_REQUIRE_EQUAL(::listen(fd.get(), 64), 0);
    return fd;
  }
  // Owns nothing: refused.
  Descriptor connect_from(const char* address) const {
    Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_storage from = loopback(address, 0), to = loopback("127.0.0.1", port);
    const void* generic = &from;
    BOOST_REQUIRE_EQUAL(::bind(fd.get(), static_cast<const sockaddr*>(generic), sizeof(sockaddr_in)), 0);
    generic = &to;
    if (::connect(fd.get(), static_cast<const sockaddr*>(generic), sizeof(sockaddr_in)) != 0) return {};
    return fd;
  }
  fcgi::Peer peer_at(const char* address) const {
    auto connection = connect_from(address);
    BOOST_REQUIRE(connection);
    return fcgi::Peer(std::move(connection));
  }
  fcgi::Peer local_peer() const {
    Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(path.connect(fd.get()));
    return fcgi::Peer(std::move(fd));
  }
  std::string ask(fcgi::Peer& of) {
    of.send(fcgi::request("GET", "/"));
    std::optional<std::string> text;
    run_until(loop, [&] { return (text = of.answer()) || of.ended(); });
    return text ? text->substr(text->find("\r\n\r\n") + 4) : "closed";
  }

  std::vector<IpNetwork> allowed;
  std::uint16_t port = 0;
  TemporaryFolder folder;
  UnixAddress path = UnixAddress::of(folder / "s").value();
  asio::io_context loop;
  WorkerMetrics metrics{};
  Acceptor acceptor{loop,
                    {.local = listen_locally(), .tcp = listen_by_tcp(), .allowed = allowed},
                    [](Request request) -> asio::awaitable<Response> {
                      co_return answer_of(request.by_tcp ? "by TCP" : "local");
                    },
                    metrics};
};

struct NobodyFixture : TcpFixture {
  NobodyFixture() : TcpFixture(std::vector<IpNetwork>()) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fastcgi_acceptor_tcp, TcpFixture)

BOOST_AUTO_TEST_CASE(serves_both_sockets_and_tells_them_apart) {
  auto far = peer_at("127.0.0.2");
  auto other = peer_at("127.1.2.3");
  auto near = local_peer();
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(ask(far) == "by TCP");
    BOOST_TEST(ask(other) == "by TCP");
    BOOST_TEST(ask(near) == "local");
  }
  BOOST_TEST(read(metrics.fastcgi_connections) == 3U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_not_listed_is_closed_and_its_bytes_are_not_read) {
  auto stranger = peer_at("127.0.0.3");
  stranger.send(fcgi::request("GET", "/"));
  BOOST_TEST(run_until(loop, [&] { return stranger.ended(); }));
  BOOST_TEST(read(metrics.fastcgi_connections) == 0U);
  BOOST_TEST(read(metrics.requests_answered) == 0U);
  auto listed = peer_at("127.0.0.2");
  BOOST_TEST(ask(listed) == "by TCP");
}

BOOST_AUTO_TEST_CASE(a_flood_of_strangers_keeps_out_nobody) {
  std::vector<fcgi::Peer> strangers;
  for (int i = 0; i < 60; ++i) strangers.push_back(peer_at("127.0.0.3"));
  auto listed = peer_at("127.0.0.2");
  auto near = local_peer();
  BOOST_TEST(ask(listed) == "by TCP");
  BOOST_TEST(ask(near) == "local");
  BOOST_TEST(run_until(loop, [&] { return strangers.back().ended(); }));
}

BOOST_FIXTURE_TEST_CASE(without_a_list_nobody_is_served_by_tcp, NobodyFixture) {
  auto stranger = peer_at("127.0.0.1");
  auto near = local_peer();
  BOOST_TEST(ask(stranger) == "closed");
  BOOST_TEST(ask(near) == "local");
}

BOOST_AUTO_TEST_CASE(draining_lets_go_of_both_sockets) {
  auto far = peer_at("127.0.0.2");
  BOOST_TEST(ask(far) == "by TCP");
  int drained = 0;
  acceptor.drain([&] { ++drained; });
  BOOST_TEST(!connect_from("127.0.0.2"));
  const Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  BOOST_TEST(!path.connect(fd.get()));
  BOOST_TEST(ask(far) == "by TCP");  // kept connections are served on
  BOOST_TEST(drained == 0);
  far.close();
  BOOST_TEST(run_until(loop, [&] { return drained == 1; }));
}

BOOST_AUTO_TEST_SUITE_END()
