// Both sides of a FastCGI connection: records of any kind and raw bytes into the reader alone, cut anywhere;
// whole requests through an Exchange, of which contents, cuts, announced length and end are the input's.

#include "base/limits.h"
#include "fastcgi/request_reader.h"
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

std::string any_record(FuzzedDataProvider& input) {
  const auto type = static_cast<fcgi::Type>(input.ConsumeIntegralInRange(0, 12));
  const auto id = input.ConsumeIntegralInRange(0U, 3U);
  const std::string content = input.ConsumeRandomLengthString(300);
  return fcgi::record(type, content, input.ConsumeIntegralInRange<std::size_t>(0, 9), id);
}

std::string any_bytes(FuzzedDataProvider& input) {
  std::string bytes;
  for (int pieces = 0; pieces < 40 && input.remaining_bytes() > 0; ++pieces) {
    switch (input.ConsumeIntegralInRange(0, 3)) {
      case 0:
        add_request(input, bytes);
        break;
      case 1:
        bytes += input.ConsumeRandomLengthString(300);
        break;
      case 2:
        bytes += fcgi::begin_request(input.ConsumeBool());
        break;
      default:
        bytes += any_record(input);
    }
  }
  return bytes;
}

// What a reader makes of bytes up to its first request: that, its replies, and where it stands. Behind it the
// request is finished, or the reader goes on without.
std::string outcome(std::string_view bytes, std::size_t first, std::size_t each, bool finish) {
  RequestReader reader;
  std::string replies;
  for (std::size_t size = first; !bytes.empty(); size = each) {
    reader.feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
    require(reader.held_bytes() <= 2 * (limits::kFastcgiParametersMaxBytes + limits::kDrainMaxBytes),
            "what is held is bounded");
    replies += reader.take_replies();
    if (finish && reader.state() == RequestReader::State::whole) reader.finish();
  }
  const auto& sent = reader.parameters();
  std::string all = replies + std::to_string(static_cast<int>(reader.state()));
  all.append(sent.method).append(sent.target).append(sent.idempotency_key);
  return all + reader.take_body();
}

void read_alone(FuzzedDataProvider& input) {
  const auto first = input.ConsumeIntegralInRange<std::size_t>(0, 2000);
  const auto each = input.ConsumeIntegralInRange<std::size_t>(1, 50);
  const bool finish = input.ConsumeBool();
  const std::string bytes = any_bytes(input);
  const std::string whole = outcome(bytes, bytes.size(), 1, false);
  require(outcome(bytes, first, each, false) == whole, "it is all the same where bytes are cut");
  if (finish) outcome(bytes, first, each, true);
}

void exchange(FuzzedDataProvider& input) {
  ExchangeFixture connection;
  for (int requests = 0; requests < 4 && input.ConsumeBool(); ++requests) {
    std::string bytes;
    const Sent sent = add_request(input, bytes);
    const bool cut = input.ConsumeIntegralInRange(0, 7) == 0;
    if (cut) bytes.resize(input.ConsumeIntegralInRange<std::size_t>(0, bytes.size()));
    if (bytes.size() > 100'000) return;  // as much as a socket holds unread
    connection.peer.send(bytes);
    if (cut) connection.peer.finish_sending();
    const auto request = connection.read();
    if (!request) return require(cut || !sent.honest, "a whole request is read");
    require(!sent.honest || (request->method == sent.method && request->body == sent.body),
            "a request is read as it was sent");
    const Response response{
        .status = 200, .body = input.ConsumeRandomLengthString(300), .head = input.ConsumeBool()};
    const bool kept = connection.write(response);
    const auto answer = connection.peer.answer();
    require(answer && answer->ends_with(response.head ? "\r\n\r\n" : "\r\n\r\n" + response.body),
            "an answer is whole");
    require(kept == sent.keep, "a connection is kept as nginx asks");
    if (!kept || cut) return;
  }
  connection.peer.finish_sending();
  require(!connection.read(), "nothing is made of an end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  if (input.ConsumeBool()) {
    read_alone(input);
  } else {
    exchange(input);
  }
  return 0;
}
