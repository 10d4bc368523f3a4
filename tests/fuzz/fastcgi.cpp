// A connection of nginx's, through libfcgi 2.4.2, whose reader crashes on records that nginx never sends
// (GET_VALUES with a variable four times, a parameter length near 2^31). So records and lengths of parameters
// are whole here, as nginx makes them; what they hold, how they are cut, what is announced as length and
// where all ends is the input's.

#include <csignal>

#include "fastcgi_fixture.h"
#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

namespace {

constexpr const char* kNames[] = {"REQUEST_METHOD", "REQUEST_URI",      "HTTP_AUTHORIZATION",
                                  "CONTENT_TYPE",   "CONTENT_LENGTH",   "HTTP_IDEMPOTENCY_KEY",
                                  "REQUEST_ID",     "HTTP_TRACEPARENT", "HTTP_CONTENT_ENCODING"};

struct Sent {
  std::string method, body;
  bool keep = true;
  bool honest = true;  // the length that is announced is the body's
};

// Appends a request's records to `bytes`.
Sent add_request(FuzzedDataProvider& input, std::string& bytes) {
  Sent sent{.method = input.ConsumeRandomLengthString(8), .body = input.ConsumeRandomLengthString(2000)};
  std::erase(sent.method, '\0');  // parameters are C strings, and nginx refuses such a request
  sent.keep = input.ConsumeIntegralInRange(0, 3) != 0;
  std::string pairs = fcgi::encode({{"REQUEST_METHOD", sent.method}});
  while (input.ConsumeIntegralInRange(0, 3) != 0) {
    const bool known = input.ConsumeBool();
    const std::string name = known ? input.PickValueInArray(kNames) : input.ConsumeRandomLengthString(300);
    pairs += fcgi::encode({{name, input.ConsumeRandomLengthString(300)}});
    if (name.starts_with("CONTENT_LENGTH")) sent.honest = false;
  }
  if (sent.honest)
    pairs += fcgi::encode({{"CONTENT_LENGTH", sent.body.empty() ? "" : std::to_string(sent.body.size())}});
  const auto chunk = [&] { return input.ConsumeIntegralInRange<std::size_t>(1, 4096); };
  bytes += fcgi::begin_request(sent.keep) + fcgi::stream(fcgi::params, pairs, chunk()) +
           fcgi::stream(fcgi::standard_in, sent.body, chunk());
  return sent;
}

void set_up() {
  static const bool once = (Exchange::set_up_library(), std::signal(SIGPIPE, SIG_IGN), true);
  (void)once;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  set_up();
  FuzzedDataProvider input(data, size);
  ExchangeFixture connection;
  for (int requests = 0; requests < 4 && input.ConsumeBool(); ++requests) {
    std::string bytes;
    const Sent sent = add_request(input, bytes);
    const bool cut = input.ConsumeIntegralInRange(0, 7) == 0;
    if (cut) bytes.resize(input.ConsumeIntegralInRange<std::size_t>(0, bytes.size()));
    if (bytes.size() > 100'000) return 0;  // as much as a socket holds unread
    connection.peer.send(bytes);
    if (cut) connection.peer.finish_sending();
    const auto request = connection.exchange.read();
    if (!request) return require(cut || !sent.honest, "a whole request is read"), 0;
    require(!sent.honest || (request->method == sent.method && request->body == sent.body),
            "a request is read as it was sent");
    const Response response{
        .status = 200, .body = input.ConsumeRandomLengthString(300), .head = input.ConsumeBool()};
    const bool kept = connection.write(response);
    const auto answer = connection.peer.answer();
    require(answer && answer->ends_with(response.head ? "\r\n\r\n" : "\r\n\r\n" + response.body),
            "an answer is whole");
    require(kept == sent.keep, "a connection is kept as nginx asks");
    if (!kept || cut) return 0;
  }
  connection.peer.finish_sending();
  return require(!connection.exchange.read(), "nothing is made of an end"), 0;
}
