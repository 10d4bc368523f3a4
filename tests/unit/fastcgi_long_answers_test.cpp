// Answers that are longer than a socket takes at once, and those that go on: the loop does not wait for them,
// and what is not whole never looks so.

#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "fastcgi_acceptor_fixture.h"

using namespace tasklane;

BOOST_FIXTURE_TEST_SUITE(fastcgi_long_answers, AcceptorFixture)

BOOST_AUTO_TEST_CASE(a_body_that_goes_on_comes_piece_by_piece_and_the_connection_is_kept) {
  auto client = peer();
  left = 3;
  piece = "abc";
  BOOST_TEST(ask(client, "/long") == "[abcabcabc");
  BOOST_TEST(ask(client, "/a") == "/a");
  BOOST_TEST(written == (std::vector<std::string>{"", ""}));
}

BOOST_AUTO_TEST_CASE(a_body_larger_than_a_socket_holds_arrives_whole) {
  auto client = peer();
  left = 20;
  piece = std::string(kLarge / 4, 'y');
  BOOST_TEST((ask(client, "/long").size() == 1 + 5 * kLarge));
  BOOST_TEST((ask(client, "/large").size() == kLarge));
  BOOST_TEST(ask(client, "/a") == "/a");
  settle();  // nothing of the waiting for room is left that would be taken for a request
  BOOST_TEST(!client.closed());
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_takes_nothing_holds_up_nobody_and_is_given_up, ImpatientFixture) {
  auto stuck = peer();
  auto other = peer();
  stuck.send(fcgi::request("GET", "/large"));
  BOOST_TEST(run_until(loop, [&] { return requests == 1; }));
  BOOST_TEST(ask(other, "/a") == "/a");
  BOOST_TEST(read(metrics.fastcgi_connections) == 2U);
  BOOST_TEST(connections_become(1));
  BOOST_TEST(!stuck.answer(), "cut, without an end that would pass for a whole one");
  BOOST_TEST(ask(other, "/b") == "/b");
}

// What is held does not grow with the peers, and the loop goes on.
BOOST_AUTO_TEST_CASE(while_many_answers_wait_for_their_peers_no_piece_of_another_is_made) {
  constexpr int held = limits::kUnwrittenMaxBytes / kLarge + 2;
  std::vector<fcgi::Peer> peers;
  for (int i = 0; i < held; ++i) {
    peers.push_back(peer());
    peers.back().send(fcgi::request("GET", "/large"));
  }
  BOOST_TEST(run_until(loop, [&] { return requests == held; }));
  left = 3;
  piece = "abc";
  auto long_one = peer();
  long_one.send(fcgi::request("GET", "/long"));
  BOOST_TEST(run_until(loop, [&] { return requests == held + 1; }));
  auto other = peer();
  BOOST_TEST(ask(other, "/a") == "/a");
  BOOST_TEST(pieces == 0);
  BOOST_TEST(!long_one.answer());
  for (auto& each : peers) BOOST_TEST((answer(each).size() == kLarge));
  BOOST_TEST(answer(long_one) == "[abcabcabc");
}

BOOST_AUTO_TEST_CASE(answers_that_wait_for_their_peers_are_bounded) {
  constexpr int held = limits::kUnwrittenLimitBytes / kLarge;
  std::vector<fcgi::Peer> peers;
  for (int i = 0; i < held; ++i) {
    peers.push_back(peer());
    peers.back().send(fcgi::request("GET", "/large"));
  }
  BOOST_TEST(run_until(loop, [&] { return requests == held; }));
  auto one_more = peer();
  BOOST_TEST(ask(one_more, "/large") == "closed");
  auto other = peer();
  BOOST_TEST(ask(other, "/a") == "/a");
  BOOST_TEST((answer(peers[0]).size() == kLarge));
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_a_peer_takes_in_drips_is_given_up, ImpatientFixture) {
  Descriptor slow = connect();
  const std::string request = fcgi::request("GET", "/large");
  BOOST_REQUIRE(::send(slow.get(), request.data(), request.size(), 0) > 0);
  BOOST_TEST(connections_become(1));
  std::size_t taken = 0;
  BOOST_TEST(run_until(loop, [&] {
    char drip[512];
    const auto count = ::recv(slow.get(), drip, sizeof drip, MSG_DONTWAIT);
    if (count > 0) taken += static_cast<std::size_t>(count);
    return read(metrics.fastcgi_connections) == 0;
  }));
  BOOST_TEST(taken < kLarge);
}

BOOST_AUTO_TEST_CASE(a_body_that_breaks_off_ends_with_its_connection) {
  for (const auto how : {Failure::told, Failure::thrown}) {
    auto client = peer();
    left = 2;
    piece = "abc";
    failure = how;
    written.clear();
    BOOST_TEST(ask(client, "/long") == "closed");
    BOOST_TEST(written == (std::vector<std::string>{how == Failure::told ? "gone" : "cannot happen"}));
    BOOST_TEST(connections_become(0));
  }
}

BOOST_AUTO_TEST_CASE(of_a_peer_that_left_no_further_piece_is_asked_for) {
  auto client = peer();
  left = 1'000;
  piece = "abc";
  gated = true;
  client.send(fcgi::request("GET", "/long"));
  BOOST_TEST(run_until(loop, [&] { return pieces == 1; }));
  client.close();
  settle();
  gate.cancel();
  BOOST_TEST(connections_become(0));
  BOOST_TEST(pieces == 1);
  BOOST_TEST(written == (std::vector<std::string>{""}), "that it left is no failure of the body");
}

BOOST_AUTO_TEST_CASE(an_answer_that_goes_on_counts_once_it_has_ended) {
  auto client = peer();
  left = 1;
  piece = "abc";
  gated = true;
  client.send(fcgi::request("GET", "/long"));
  BOOST_TEST(run_until(loop, [&] { return pieces == 1; }));
  BOOST_TEST(read(metrics.requests_answered) == 0U);
  gated = false;
  gate.cancel();
  BOOST_TEST(answer(client) == "[abc");
  BOOST_TEST(read(metrics.requests_answered) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
