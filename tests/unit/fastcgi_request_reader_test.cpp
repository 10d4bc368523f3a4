// The reader alone: bytes in, requests out. Records cut everywhere, and records that no web server sends.

#include <fastcgi.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "base/limits.h"
#include "fastcgi/request_reader.h"
#include "fastcgi_peer.h"

using namespace tasklane;
using namespace std::literals;
using State = RequestReader::State;

namespace {

// What a reader made of bytes.
struct Read {
  std::vector<std::string> requests;  // METHOD TARGET BODY
  std::string replies;
  State state = State::idle;
  bool operator==(const Read&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Read& read) {
  for (const auto& each : read.requests) out << each << "; ";
  return out << read.replies.size() << " bytes of replies, state " << static_cast<int>(read.state);
}

void go_on(RequestReader& reader, std::string_view bytes, Read& read) {
  read.state = reader.feed(bytes);
  read.replies += reader.take_replies();
  if (read.state != State::whole) return;
  const auto& sent = reader.parameters();
  read.requests.push_back(std::string(sent.method) + ' ' + std::string(sent.target) + ' ' +
                          reader.take_body());
  reader.finish();
  read.state = reader.state();
}

Read feed_in_pieces(std::string_view bytes, std::size_t first, std::size_t each) {
  RequestReader reader;
  Read read;
  go_on(reader, bytes.substr(0, first), read);
  for (bytes.remove_prefix(std::min(first, bytes.size())); !bytes.empty();
       bytes.remove_prefix(std::min(each, bytes.size())))
    go_on(reader, bytes.substr(0, each), read);
  return read;
}

State state_of(std::string_view bytes) {
  RequestReader reader;
  return reader.feed(bytes);
}

std::string replies_to(std::string_view bytes) {
  RequestReader reader;
  reader.feed(bytes);
  return reader.take_replies();
}

std::string management(int type, std::string_view content) {
  return fcgi::record(static_cast<fcgi::Type>(type), content, 0, 0);
}

std::string begin_of(unsigned id, int role = FCGI_RESPONDER, int flags = FCGI_KEEP_CONN) {
  const std::string body = {0, static_cast<char>(role), static_cast<char>(flags), 0, 0, 0, 0, 0};
  return fcgi::record(fcgi::begin, body, 0, id);
}

std::string end_of(unsigned id, char protocol_status) {
  return fcgi::record(fcgi::end, "\0\0\0\0"s + protocol_status + "\0\0\0"s, 0, id);
}

const std::string kParametersOf = fcgi::stream(
    fcgi::params, fcgi::encode({{"REQUEST_METHOD", "PUT"}, {"REQUEST_URI", "/a"}, {"CONTENT_LENGTH", "3"}}));
const std::string kBody = fcgi::stream(fcgi::standard_in, "abc");
const std::string kWhole = fcgi::begin_request() + kParametersOf + kBody;

}  // namespace

BOOST_AUTO_TEST_SUITE(fastcgi_request_reader)

BOOST_AUTO_TEST_CASE(bytes_may_be_cut_anywhere) {
  const std::string name(200, 'N');
  for (const std::string body : {"", "x", "twelve bytes"}) {
    const std::string pairs = fcgi::encode({{"REQUEST_METHOD", "PUT"},
                                            {name, name},
                                            {"", ""},
                                            {"REQUEST_URI", "/" + name},
                                            {"CONTENT_LENGTH", std::to_string(body.size())}});
    const std::string bytes = management(FCGI_GET_VALUES, fcgi::encode({{"FCGI_MPXS_CONNS", ""}})) +
                              fcgi::begin_request() + begin_of(2) + fcgi::stream(fcgi::params, pairs, 111) +
                              fcgi::record(fcgi::params, "ignored", 5, 2) +
                              fcgi::stream(fcgi::standard_in, body, 5);
    const Read whole = feed_in_pieces(bytes, 0, 1);
    BOOST_TEST(whole.requests == (std::vector<std::string>{"PUT /" + name + " " + body}));
    BOOST_TEST((whole.state == State::idle));
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      for (const std::size_t each : {7UL, 64UL, bytes.size()})
        BOOST_TEST(feed_in_pieces(bytes, cut, each) == whole, cut);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_request_is_whole_with_its_last_byte_and_not_before) {
  for (std::size_t cut = 0; cut < kWhole.size(); ++cut)
    BOOST_TEST((state_of(kWhole.substr(0, cut)) == (cut == 0 ? State::idle : State::partly)), cut);
  BOOST_TEST((state_of(kWhole) == State::whole));
}

BOOST_AUTO_TEST_CASE(get_values_tells_each_known_variable_once) {
  const auto pairs = fcgi::encode({{"FCGI_MPXS_CONNS", ""},
                                   {"FCGI_MPXS_CONNS", ""},
                                   {"FCGI_MAX_CONNS", ""},
                                   {"FCGI_MPXS_CONNS", "x"},
                                   {"FCGI_MPXS_CONNS", ""},
                                   {"FCGI_UNKNOWN", ""},
                                   {"FCGI_MAX_REQS", ""}});
  BOOST_TEST(replies_to(management(FCGI_GET_VALUES, pairs)) ==
             management(FCGI_GET_VALUES_RESULT, fcgi::encode({{"FCGI_MAX_CONNS", "8192"},
                                                              {"FCGI_MAX_REQS", "8192"},
                                                              {"FCGI_MPXS_CONNS", "0"}})));
  BOOST_TEST(replies_to(management(FCGI_GET_VALUES, "")) == management(FCGI_GET_VALUES_RESULT, ""));
  BOOST_TEST(replies_to(management(FCGI_GET_VALUES, fcgi::encode({{"X", ""}}))) ==
             management(FCGI_GET_VALUES_RESULT, ""));
}

BOOST_AUTO_TEST_CASE(a_management_record_of_an_unknown_type_is_named_as_such) {
  for (const int type : {0, 1, 4, 8, 12, 77, 255})
    BOOST_TEST(replies_to(management(type, "content")) ==
               management(FCGI_UNKNOWN_TYPE, std::string(1, static_cast<char>(type)) + "\0\0\0\0\0\0\0"s));
}

BOOST_AUTO_TEST_CASE(management_records_may_stand_inside_a_request) {
  const std::string ask = management(FCGI_GET_VALUES, fcgi::encode({{"FCGI_MPXS_CONNS", ""}}));
  const Read read = feed_in_pieces(ask + fcgi::begin_request() + ask + kParametersOf + ask +
                                       fcgi::record(fcgi::standard_in, "ab", 7) + ask +
                                       fcgi::stream(fcgi::standard_in, "c"),
                                   0, 1000);
  BOOST_TEST(read.requests == (std::vector<std::string>{"PUT /a abc"}));
  BOOST_TEST(read.replies.size() ==
             4 * management(FCGI_GET_VALUES_RESULT, fcgi::encode({{"FCGI_MPXS_CONNS", "0"}})).size());
}

BOOST_AUTO_TEST_CASE(management_records_without_a_request_are_answered_a_bounded_number_of_times) {
  RequestReader reader;
  const std::string ask = management(77, "");
  for (std::size_t i = 0; i < limits::kFastcgiRepliesMax; ++i)
    BOOST_TEST((reader.feed(ask) == State::idle), i);
  BOOST_TEST((reader.feed(ask) == State::broken));
}

BOOST_AUTO_TEST_CASE(a_second_request_is_refused_and_the_first_goes_on) {
  const std::string second = begin_of(2) + fcgi::record(fcgi::params, "whatever", 0, 2) +
                             fcgi::record(fcgi::params, "", 0, 2) + fcgi::record(fcgi::standard_in, "", 0, 2);
  for (const std::string& bytes : {fcgi::begin_request() + second + kParametersOf + kBody,
                                   fcgi::begin_request() + kParametersOf + second + kBody, kWhole + second}) {
    const Read read = feed_in_pieces(bytes, bytes.size(), 1);
    BOOST_TEST(read.requests == (std::vector<std::string>{"PUT /a abc"}));
    BOOST_TEST(read.replies == end_of(2, FCGI_CANT_MPX_CONN));
  }
}

BOOST_AUTO_TEST_CASE(another_role_is_refused) {
  for (const int role : {0, FCGI_AUTHORIZER, FCGI_FILTER, 9, 255}) {
    const Read read = feed_in_pieces(begin_of(1, role) + kParametersOf + kBody + kWhole, 0, 1000);
    BOOST_TEST(read.replies == end_of(1, FCGI_UNKNOWN_ROLE));
    BOOST_TEST(read.requests == (std::vector<std::string>{"PUT /a abc"}), "the connection is kept");

    RequestReader once;
    BOOST_TEST((once.feed(begin_of(1, role, 0)) == State::broken));
    BOOST_TEST(once.take_replies() == end_of(1, FCGI_UNKNOWN_ROLE));
  }
}

BOOST_AUTO_TEST_CASE(records_of_no_active_request_are_ignored) {
  const std::string stray =
      fcgi::record(fcgi::abort, "", 0, 3) + fcgi::record(fcgi::standard_in, "abc", 1, 3) +
      fcgi::record(fcgi::params, "abc", 2, 65'535) + fcgi::record(static_cast<fcgi::Type>(99), "abc", 3, 4);
  const Read read = feed_in_pieces(
      stray + fcgi::begin_request() + stray + kParametersOf + stray + kBody + kBody, 10'000, 1);
  BOOST_TEST((read.state == State::broken), "but the end of a body may not come twice");
  const Read right =
      feed_in_pieces(stray + fcgi::begin_request() + stray + kParametersOf + stray + kBody, 0, 1);
  BOOST_TEST(right.requests == (std::vector<std::string>{"PUT /a abc"}));
  BOOST_TEST(right.replies == "");
}

BOOST_AUTO_TEST_CASE(a_broken_protocol_is_final) {
  const std::string begin = fcgi::begin_request();
  const auto pairs = [&](std::string_view text) { return begin + fcgi::stream(fcgi::params, text); };
  for (const std::string& bytes :
       {begin + begin,                                                    //
        begin + kBody,                                                    // before parameters
        begin + kParametersOf + kParametersOf,                            //
        begin + kParametersOf + fcgi::record(fcgi::standard_in, "abcd"),  // longer than said
        begin + kParametersOf + fcgi::stream(fcgi::standard_in, "ab"),    // shorter
        begin + fcgi::record(fcgi::abort, ""),                            //
        begin + kParametersOf + fcgi::record(fcgi::abort, ""),            //
        begin + fcgi::record(static_cast<fcgi::Type>(FCGI_DATA), "x"),    // no filter
        begin + fcgi::record(static_cast<fcgi::Type>(77), ""),            //
        begin + fcgi::record(fcgi::standard_out, "x"),                    //
        begin + fcgi::record(fcgi::end, "\0\0\0\0\0\0\0\0"s),             //
        fcgi::record(fcgi::begin, "\0\1\1"s),
        fcgi::record(fcgi::begin, std::string(9, 1)),  //
        "\2"s + begin.substr(1),
        "GET / HTTP/1.1\r\n"s,  //
        pairs("\x01"),
        pairs("\x05\x05short"),
        pairs("\xff\xff\xff\xff\xff\xff\xff\xff X"),  // near 2^31
        pairs("\x0e\xff\xff\xff\xffREQUEST_METHOD"),
        pairs("\x80\x00"),
        pairs("\x7f"),                                //
        pairs("\x80\x00\xff\xff\x80\x00\xff\xff X"),  //
        pairs(fcgi::encode({{"CONTENT_LENGTH", "x"}})),
        pairs(fcgi::encode({{"CONTENT_LENGTH", std::to_string(limits::kDrainMaxBytes + 1)}})),
        management(FCGI_GET_VALUES, "\x05\x05short"),
        management(FCGI_GET_VALUES, "\xff\xff\xff\xff\xff"),
        management(FCGI_GET_VALUES, std::string(limits::kGetValuesMaxBytes + 1, '\0'))}) {
    RequestReader reader;
    BOOST_TEST((reader.feed(bytes) == State::broken), bytes);
    BOOST_TEST((reader.feed(kWhole) == State::broken), bytes);
    BOOST_TEST((feed_in_pieces(bytes, 0, 1).state == State::broken), bytes);
  }
}

BOOST_AUTO_TEST_CASE(what_follows_a_request_before_its_answer_and_is_its_own_is_broken) {
  BOOST_TEST((state_of(kWhole + fcgi::record(fcgi::standard_in, "more")) == State::broken));
  BOOST_TEST((state_of(kWhole + fcgi::begin_request()) == State::broken));
  BOOST_TEST((state_of(kWhole + fcgi::record(fcgi::abort, "")) == State::broken));
}

BOOST_AUTO_TEST_CASE(parameters_are_bounded_in_bytes_and_number) {
  const std::string record = fcgi::record(fcgi::params, std::string(60'000, '\0'));
  BOOST_TEST((state_of(fcgi::begin_request() + record + record) == State::partly));
  BOOST_TEST((state_of(fcgi::begin_request() + record + record + record) == State::broken));
  const auto names = [](std::size_t count) {
    return fcgi::begin_request() + fcgi::stream(fcgi::params, std::string(2 * count, '\0'));
  };
  BOOST_TEST((state_of(names(limits::kFastcgiParametersMax)) == State::partly));
  BOOST_TEST((state_of(names(limits::kFastcgiParametersMax + 1)) == State::broken));
}

BOOST_AUTO_TEST_CASE(what_is_held_is_what_has_come_and_nothing_is_behind_a_request) {
  RequestReader reader;
  const std::string claim =
      fcgi::begin_request() + fcgi::stream(fcgi::params, fcgi::encode({{"CONTENT_LENGTH", "262144"}}));
  reader.feed(claim);
  BOOST_TEST(reader.held_bytes() < 1000U);
  const std::string body(limits::kRequestBodyMaxBytes, 'x');
  BOOST_TEST((reader.feed(fcgi::stream(fcgi::standard_in, body)) == State::whole));
  BOOST_TEST(reader.held_bytes() >= body.size());
  reader.finish();
  BOOST_TEST(reader.held_bytes() < 100U);
  BOOST_TEST((reader.feed(kWhole) == State::whole));
}

BOOST_AUTO_TEST_CASE(of_a_parameter_that_comes_twice_the_first_counts) {
  RequestReader reader;
  reader.feed(fcgi::begin_request() +
              fcgi::stream(fcgi::params, fcgi::encode({{"REQUEST_URI", ""},
                                                       {"REQUEST_URI", "/second"},
                                                       {"REQUEST_METHOD", "GET"},
                                                       {"REQUEST_METHOD", "DELETE"}})));
  BOOST_TEST(reader.parameters().target == "");
  BOOST_TEST(reader.parameters().method == "GET");
}

BOOST_AUTO_TEST_SUITE_END()
