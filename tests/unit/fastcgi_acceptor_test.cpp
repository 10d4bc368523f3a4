// The acceptor on a real unix socket: many connections, peers that leave, and draining.

#include <sys/resource.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "fastcgi_acceptor_fixture.h"

using namespace tasklane;

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
    settle();
  }
  BOOST_TEST(!slow.closed());
}

BOOST_FIXTURE_TEST_CASE(a_request_has_a_bounded_time_as_a_whole_and_holds_up_nobody, ImpatientFixture) {
  std::vector<fcgi::Peer> slow;
  for (int i = 0; i < 4; ++i) slow.push_back(peer());
  auto idle = peer();
  auto other = peer();
  const std::string bytes = fcgi::request("POST", "/slow", std::string(100'000, 'x'));
  std::size_t at = 0;
  const auto drip = [&] {
    for (auto& each : slow) each.send(bytes.substr(at, 1));
    ++at;
  };
  drip();
  BOOST_TEST(ask(other, "/a") == "/a");
  BOOST_TEST(run_until(loop, [&] {
    if (at < bytes.size() / 2) drip();
    return read(metrics.fastcgi_connections) == 2;
  }));
  BOOST_TEST(requests == 1);
  BOOST_TEST(ask(other, "/b") == "/b");
  BOOST_TEST(ask(idle, "/c") == "/c");
}

BOOST_AUTO_TEST_CASE(an_end_that_comes_with_the_last_bytes_is_seen) {
  auto last = peer();
  last.send(fcgi::request("GET", "/a"));
  last.finish_sending();
  auto half = peer();
  half.send(fcgi::request("GET", "/a").substr(0, 20));
  half.finish_sending();
  BOOST_TEST(answer(last) == "/a");
  BOOST_TEST(connections_become(0));
}

BOOST_AUTO_TEST_CASE(a_large_body_among_other_requests_arrives_whole) {
  std::string body;
  for (int i = 0; body.size() < limits::kRequestBodyMaxBytes - 10; ++i) body += std::to_string(i) + ',';
  auto large = peer();
  auto other = peer();
  std::jthread sender([&] { large.send(fcgi::request("PUT", "/", body)); });
  BOOST_TEST(ask(other, "/a") == "/a");
  BOOST_TEST((answer(large) == "/" + body));
}

BOOST_AUTO_TEST_CASE(a_flood_of_records_that_are_no_request_holds_up_nobody) {
  auto flood = peer();
  auto other = peer();
  std::string strays;
  while (strays.size() < 150'000) strays += fcgi::record(fcgi::standard_in, "stray", 3, 9);
  std::atomic<bool> enough = false, ended = false;
  std::jthread sender([&] {
    while (!enough) flood.send(strays);
    ended = true;
  });
  for (int i = 0; i < 20; ++i) BOOST_TEST(ask(other, "/a") == "/a");
  enough = true;
  BOOST_TEST(run_until(loop, [&] { return ended.load(); }));
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
