// Whole requests in, whole responses out, one after another on a kept connection.

#include <boost/test/unit_test.hpp>
#include <thread>

#include "fastcgi_fixture.h"

using namespace tasklane;

namespace {

struct Pieces final : BodyPieces {
  boost::asio::awaitable<Result<std::string>> next() override { co_return std::string(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(exchange_of_one_connection, ExchangeFixture)

BOOST_AUTO_TEST_CASE(one_read_is_one_request_with_its_parameters_and_body) {
  const std::string body("{\0\n}", 4);
  const auto before = std::chrono::steady_clock::now();
  const auto request = read(fcgi::begin_request() +
                            fcgi::stream(fcgi::params, fcgi::encode({{"REQUEST_METHOD", "PUT"},
                                                                     {"REQUEST_URI", "/api/tasks/7?x=%20"},
                                                                     {"CONTENT_TYPE", "application/json"},
                                                                     {"CONTENT_LENGTH", "4"},
                                                                     {"HTTP_CONTENT_ENCODING", "gzip"},
                                                                     {"HTTP_AUTHORIZATION", "Bearer a.b.c"},
                                                                     {"REQUEST_ID", "id-1"},
                                                                     {"HTTP_IDEMPOTENCY_KEY", "\"k\""},
                                                                     {"HTTP_TRACEPARENT", "00-ab-cd-01"},
                                                                     {"HTTP_PROXY", ""}})) +
                            fcgi::stream(fcgi::standard_in, body));
  BOOST_REQUIRE(request);
  BOOST_TEST(request->method == "PUT");
  BOOST_TEST(request->target == "/api/tasks/7?x=%20");
  BOOST_TEST(request->content_type == "application/json");
  BOOST_TEST(request->content_encoding == "gzip");
  BOOST_TEST(request->authorization == "Bearer a.b.c");
  BOOST_TEST(request->request_id == "id-1");
  BOOST_TEST(request->idempotency_key.value() == "\"k\"");
  BOOST_TEST(request->traceparent == "00-ab-cd-01");
  BOOST_TEST(request->body == body);
  BOOST_TEST(!request->body_too_large);
  BOOST_TEST((request->received >= before));
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_is_empty) {
  const auto request = read(fcgi::begin_request() + fcgi::stream(fcgi::params, fcgi::encode({})) +
                            fcgi::stream(fcgi::standard_in, ""));
  BOOST_REQUIRE(request);
  BOOST_TEST(request->method == "");
  BOOST_TEST(request->target == "");
  BOOST_TEST(request->authorization == "");
  BOOST_TEST(!request->idempotency_key);
  BOOST_TEST(request->body == "");
}

BOOST_AUTO_TEST_CASE(an_empty_idempotency_key_is_not_none_and_two_are_not_one) {
  const auto key = [&](fcgi::Pairs headers) {
    const auto request = read(fcgi::begin_request() + fcgi::stream(fcgi::params, fcgi::encode(headers)) +
                              fcgi::stream(fcgi::standard_in, ""));
    const std::string found(request.value().idempotency_key.value());
    BOOST_TEST(write(answer_of("[]")));
    BOOST_TEST(peer.answer().has_value());
    return found;
  };
  constexpr std::string_view kName = "HTTP_IDEMPOTENCY_KEY";
  BOOST_TEST(key({{kName, ""}}) == "");
  BOOST_TEST(key({{kName, "a"}}) == "a");
  for (const auto& [one, two] : {std::pair("a", "b"), {"a", "a"}, {"", "a"}, {"a", ""}, {"", ""}})
    BOOST_TEST(key({{kName, one}, {kName, two}}).contains(','));
}

BOOST_AUTO_TEST_CASE(the_response_s_text_is_exact) {
  BOOST_REQUIRE(read(fcgi::request("GET", "/")));
  BOOST_TEST(write(answer_of("[1]")));
  BOOST_TEST(peer.answer().value() ==
             "Status: 200\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n[1]");

  BOOST_REQUIRE(read(fcgi::request("GET", "/")));
  Response response{
      .status = 503, .content_type = "text/plain", .headers = {{"Retry-After", "1"}, {"X", "y"}}};
  response.body = "no";
  BOOST_TEST(write(response));
  BOOST_TEST(
      peer.answer().value() ==
      "Status: 503\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nRetry-After: 1\r\nX: y\r\n\r\nno");
}

BOOST_AUTO_TEST_CASE(head_tells_the_length_and_sends_no_body) {
  BOOST_REQUIRE(read(fcgi::request("HEAD", "/")));
  Response response = answer_of("[1,2]");
  response.head = true;
  BOOST_TEST(write(response));
  BOOST_TEST(peer.answer().value() ==
             "Status: 200\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(no_content_has_no_content_type) {
  BOOST_REQUIRE(read(fcgi::request("DELETE", "/")));
  BOOST_TEST(write({.status = 204, .content_type = {}}));
  BOOST_TEST(peer.answer().value() == "Status: 204\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(requests_follow_each_other_on_a_kept_connection) {
  for (int i = 0; i < 50; ++i) {
    const std::string target = "/api/tasks/" + std::to_string(i);
    const std::string body(static_cast<std::size_t>(i) * 400, 'x');
    const auto request = read(fcgi::request("PUT", target, body));
    BOOST_REQUIRE(request);
    BOOST_TEST(request->target == target);
    BOOST_TEST(request->body == body);
    BOOST_TEST(write(answer_of(target)));
    BOOST_TEST(peer.answer().value().ends_with("\r\n\r\n" + target));
  }
  BOOST_TEST(!peer.closed());
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_not_kept_is_closed_behind_its_answer) {
  BOOST_REQUIRE(read(fcgi::request("GET", "/", "", false)));
  BOOST_TEST(!write(answer_of("{}")));
  BOOST_TEST(peer.answer().value().ends_with("{}"));
  BOOST_TEST(peer.closed());
}

BOOST_AUTO_TEST_CASE(a_large_response_arrives_whole_at_a_slow_peer) {
  const int little = 4096;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  BOOST_REQUIRE(read(fcgi::request("GET", "/")));
  std::string body;
  for (int i = 0; body.size() < 1024 * 1024; ++i) body += std::to_string(i) + ',';

  std::optional<std::string> answer;
  std::jthread slow([&] {
    while (!(answer = peer.answer())) std::this_thread::yield();
  });
  BOOST_TEST(write(answer_of(body)));
  slow.join();
  BOOST_TEST((answer->substr(answer->find("\r\n\r\n") + 4) == body));
  BOOST_TEST(read(fcgi::request("GET", "/next"))->target == "/next");
}

// Around the sizes at which libfcgi's buffer and a record end.
BOOST_AUTO_TEST_CASE(a_body_of_any_size_arrives_exactly) {
  for (const std::size_t size : {8'184UL, 16'384UL, 16'385UL, 65'528UL, 65'529UL, 131'056UL, 131'057UL}) {
    BOOST_REQUIRE(read(fcgi::request("GET", "/")));
    std::string body(size, ' ');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
    BOOST_TEST(write(answer_of(body)));
    const std::string answer = peer.answer().value();
    BOOST_TEST((answer.substr(answer.find("\r\n\r\n") + 4) == body), size << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(a_body_that_goes_on_has_no_length_and_ends_with_an_empty_piece) {
  BOOST_REQUIRE(read(fcgi::request("GET", "/")));
  Response response = answer_of("[1");
  response.more = std::make_unique<Pieces>();
  BOOST_TEST(write(response));
  BOOST_TEST(!peer.answer(), "it has not ended");
  const std::string large(200'000, ' ');
  for (const std::string_view piece :
       {std::string_view(",2"), std::string_view(large), std::string_view("]")})
    BOOST_TEST((exchange.write_piece(piece) != Exchange::Progress::over));
  BOOST_TEST(!peer.answer());
  BOOST_TEST((exchange.write_piece({}) == Exchange::Progress::done));
  BOOST_TEST((peer.answer() == "Status: 200\r\nContent-Type: application/json\r\n\r\n[1,2" + large + "]"));
  BOOST_TEST(read(fcgi::request("GET", "/next"))->target == "/next");
}

BOOST_AUTO_TEST_CASE(head_of_a_body_that_goes_on_ends_at_once_without_a_length) {
  BOOST_REQUIRE(read(fcgi::request("HEAD", "/")));
  Response response = answer_of("[1");
  response.head = true;
  response.more = std::make_unique<Pieces>();
  BOOST_TEST(write(response));
  BOOST_TEST(peer.answer().value() == "Status: 200\r\nContent-Type: application/json\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(an_answer_without_its_end_is_none) {
  SocketPair pair;
  fcgi::Peer far(std::move(pair.server));
  {
    Exchange given_up(std::move(pair.worker));
    far.send(fcgi::request("GET", "/"));
    BOOST_REQUIRE((given_up.read() == Exchange::Reading::whole));
    Response response = answer_of("[1");
    response.more = std::make_unique<Pieces>();
    BOOST_TEST((given_up.write(response) == Exchange::Progress::done));
    BOOST_TEST(!far.ended());
  }
  BOOST_TEST(!far.answer());
  BOOST_TEST(far.ended());
}

// Byte by byte: whatever the kernel takes of a record, it goes on behind it.
BOOST_AUTO_TEST_CASE(what_is_partly_written_goes_on_where_it_stopped) {
  const int little = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  BOOST_REQUIRE(read(fcgi::request("GET", "/")));
  std::string body;
  for (int i = 0; body.size() < 300'000; ++i) body += std::to_string(i) + ',';
  Response response = answer_of(body);
  response.headers.emplace_back("X", std::string(5'000, 'x'));
  auto progress = exchange.write(response);
  int turns = 0;
  std::optional<std::string> answer;
  for (; progress == Exchange::Progress::partly; ++turns) {
    BOOST_REQUIRE(!peer.answer());
    progress = exchange.write_on();
  }
  BOOST_TEST((progress == Exchange::Progress::done));
  BOOST_TEST(turns > 10);
  answer = peer.answer();
  BOOST_TEST((answer->substr(answer->find("\r\n\r\n") + 4) == body));
}

BOOST_AUTO_TEST_CASE(a_peer_that_left_ends_the_connection_and_not_the_process) {
  BOOST_REQUIRE(read(fcgi::request("GET", "/")));
  peer.close();
  BOOST_TEST(!write(answer_of(std::string(1024 * 1024, 'x'))));
}

BOOST_AUTO_TEST_CASE(neither_a_silent_peer_nor_a_stuck_one_is_waited_for) {
  BOOST_TEST((exchange.read() == Exchange::Reading::idle));
  const std::string whole = fcgi::request("GET", "/");
  peer.send(whole.substr(0, 3));
  BOOST_TEST((exchange.read() == Exchange::Reading::partly));
  BOOST_TEST((exchange.read() == Exchange::Reading::partly));
  peer.send(whole.substr(3));
  BOOST_TEST((exchange.read() == Exchange::Reading::whole));
  BOOST_TEST(exchange.request().target == "/");
  const Response response = answer_of(std::string(64 * 1024 * 1024, 'x'));
  BOOST_TEST((exchange.write(response) == Exchange::Progress::partly));
  BOOST_TEST((exchange.write_on() == Exchange::Progress::partly));
}

BOOST_AUTO_TEST_CASE(a_closed_connection_is_no_request) {
  peer.close();
  BOOST_TEST((exchange.read() == Exchange::Reading::over));
}

BOOST_AUTO_TEST_SUITE_END()
