// Records that are split, wrong, cut short or hostile: a request is read whole or the connection is closed
// without an answer.

#include <boost/test/unit_test.hpp>
#include <thread>

#include "base/limits.h"
#include "fastcgi_fixture.h"

using namespace tasklane;

namespace {

// A request that announces `length` bytes and sends `body`.
std::string announcing(std::string_view length, std::string_view body) {
  return fcgi::begin_request() +
         fcgi::stream(fcgi::params, fcgi::encode({{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", length}})) +
         fcgi::stream(fcgi::standard_in, body);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fastcgi_framing, ExchangeFixture)

BOOST_AUTO_TEST_CASE(parameters_may_be_split_over_records) {
  const std::string token = "Bearer " + std::string(12'000, 't');
  const std::string pairs = fcgi::encode({{"REQUEST_METHOD", "GET"},
                                          {"HTTP_AUTHORIZATION", token},
                                          {std::string(200, 'N'), "long name"},
                                          {"REQUEST_URI", "/last"}});
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{128}, std::size_t{8191}}) {
    ExchangeFixture fresh;
    std::jthread sender([&] {
      fresh.peer.send(fcgi::begin_request() + fcgi::stream(fcgi::params, pairs, chunk) +
                      fcgi::stream(fcgi::standard_in, ""));
    });
    const auto request = fresh.read();
    BOOST_REQUIRE(request);
    BOOST_TEST(request->method == "GET");
    BOOST_TEST((request->authorization == token));
    BOOST_TEST(request->target == "/last");
  }
}

BOOST_AUTO_TEST_CASE(a_body_may_be_split_over_records) {
  const std::string body(5'000, 'b');
  const auto request =
      read(fcgi::begin_request() + fcgi::stream(fcgi::params, fcgi::encode({{"CONTENT_LENGTH", "5000"}}), 3) +
           fcgi::stream(fcgi::standard_in, body, 13));
  BOOST_REQUIRE(request);
  BOOST_TEST(request->body == body);
}

BOOST_AUTO_TEST_CASE(a_body_shorter_than_announced_closes_without_an_answer) {
  BOOST_TEST(!read(announcing("6", "12345")));
  BOOST_TEST(peer.closed());
}

BOOST_AUTO_TEST_CASE(a_body_longer_than_announced_closes_without_an_answer) {
  for (const char* length : {"4", "0", ""}) {
    ExchangeFixture fresh;
    BOOST_TEST(!fresh.read(announcing(length, "12345")));
    BOOST_TEST(fresh.peer.closed());
  }
}

BOOST_AUTO_TEST_CASE(a_length_that_is_no_number_closes_without_an_answer) {
  for (const char* length :
       {"-5", "+5", " 5", "5 ", "5,5", "0x5", "5.0", "5e0", "abc", "99999999999999999999999"}) {
    ExchangeFixture fresh;
    BOOST_TEST(!fresh.read(announcing(length, "12345")), length);
    BOOST_TEST(fresh.peer.closed());
  }
}

BOOST_AUTO_TEST_CASE(a_body_up_to_the_limit_is_kept) {
  const std::string body(limits::kRequestBodyMaxBytes, 'x');
  std::jthread sender([&] { peer.send(announcing(std::to_string(body.size()), body)); });
  const auto request = read();
  BOOST_REQUIRE(request);
  BOOST_TEST(!request->body_too_large);
  BOOST_TEST((request->body == body));
}

BOOST_AUTO_TEST_CASE(a_body_past_the_limit_is_read_to_its_end_and_thrown_away) {
  const std::string body(limits::kRequestBodyMaxBytes + 1, 'x');
  std::jthread sender([&] { peer.send(announcing(std::to_string(body.size()), body)); });
  const auto request = read();
  BOOST_REQUIRE(request);
  BOOST_TEST(request->body_too_large);
  BOOST_TEST(request->body == "");
  BOOST_TEST(write(answer_of("{}")));
  BOOST_TEST(peer.answer().has_value());
  BOOST_TEST(read(fcgi::request("GET", "/next"))->target == "/next");
}

BOOST_AUTO_TEST_CASE(a_body_far_past_the_limit_closes) {
  const std::string body(5 * limits::kRequestBodyMaxBytes, 'x');
  std::jthread sender([&] { peer.send(announcing(std::to_string(body.size()), body)); });
  BOOST_TEST(!read());
  sender.join();
  BOOST_TEST(peer.closed());
}

BOOST_AUTO_TEST_CASE(records_inside_a_body_never_become_a_request) {
  const std::string smuggled = fcgi::request("DELETE", "/api/tasks/1");
  const auto first = read(fcgi::request("POST", "/api/tasks", smuggled));
  BOOST_REQUIRE(first);
  BOOST_TEST(first->body == smuggled);
  BOOST_TEST(write(answer_of("{}")));
  BOOST_TEST(peer.answer().has_value());
  BOOST_TEST(read(fcgi::request("GET", "/api/tasks"))->target == "/api/tasks");

  // Behind a length that ends before them they close the connection.
  ExchangeFixture fresh;
  BOOST_TEST(!fresh.read(announcing("1", "x" + smuggled)));
  BOOST_TEST(fresh.peer.closed());
}

BOOST_AUTO_TEST_CASE(an_aborted_request_closes_without_an_answer) {
  BOOST_TEST(!read(fcgi::begin_request() +
                   fcgi::stream(fcgi::params, fcgi::encode({{"CONTENT_LENGTH", "5"}})) +
                   fcgi::record(fcgi::standard_in, "12") + fcgi::record(fcgi::abort, "")));
  BOOST_TEST(peer.closed());
}

BOOST_AUTO_TEST_CASE(garbage_closes_without_an_answer) {
  using namespace std::literals;
  for (const std::string& bytes :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n"s, "\2\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"s, std::string(64, '\0'),
        std::string(64, '\xFF'), fcgi::stream(fcgi::standard_in, "no begin"),
        fcgi::begin_request() + "and then nonsense"s, fcgi::record(fcgi::begin, "\0\1\1"s)}) {
    ExchangeFixture fresh;
    fresh.peer.send(bytes);
    fresh.peer.finish_sending();
    BOOST_TEST(!fresh.read());
    BOOST_TEST(fresh.peer.closed());
  }
}

BOOST_AUTO_TEST_CASE(a_request_cut_anywhere_is_no_request) {
  const std::string whole = fcgi::begin_request() +
                            fcgi::stream(fcgi::params, fcgi::encode({{"REQUEST_METHOD", "DELETE"},
                                                                     {"REQUEST_URI", "/api/tasks/1"},
                                                                     {"HTTP_AUTHORIZATION", "Bearer x"},
                                                                     {"CONTENT_LENGTH", "3"}})) +
                            fcgi::stream(fcgi::standard_in, "abc");
  BOOST_TEST(reads_whole(whole));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) BOOST_TEST(!reads_whole(whole.substr(0, cut)), cut);
}

BOOST_AUTO_TEST_SUITE_END()
