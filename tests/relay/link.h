#pragma once
// One connection of a client and the one to the server that belongs to it. Bytes are carried both ways, each
// chunk at its own time: a delay holds back every byte for as long, and limits no throughput.
//
// A link that is cut drops what it holds and closes both sides. It lives as long as its coroutines.

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/awaitable.h"
#include "messages.h"

namespace relay {

using Clock = std::chrono::steady_clock;
using Socket = boost::asio::generic::stream_protocol::socket;
using Endpoint = boost::asio::generic::stream_protocol::endpoint;

// What all links have in common: how to carry, what to do to the next request, and what has been seen.
struct Traffic {
  Endpoint server;
  std::chrono::microseconds delay{0};  // each way
  bool stalled = false;
  int cut_queries = 0;  // so many of the next requests are forwarded, then their connection is cut
  int swallows = 0;  // so many of the next writes' replies are kept until the server has committed, then cut

  std::uint64_t connections = 0;  // accepted, whatever became of them
  std::uint64_t unreached = 0;    // of them: the server could not be connected to
  std::uint64_t sessions = 0;     // of them: began a session
  std::uint64_t cancels = 0;      // of them: asked to cancel a statement
  std::uint64_t open = 0;
  std::uint64_t open_max = 0;
  std::uint64_t turns = 0;     // times that a client spoke after its server had: round trips
  std::uint64_t requests = 0;  // Syncs with statements before them, and simple queries
  std::uint64_t statements = 0;
  std::uint64_t cut = 0;        // by cut_queries
  std::uint64_t swallowed = 0;  // by swallows
  std::uint64_t bytes = 0;      // both ways, whatever they say
  Clock::time_point active = Clock::now();
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(boost::asio::io_context& loop, Traffic& traffic, Socket client);
  ~Link();

  // Connects to the server, not before this time, and carries until either side ends.
  void start(Clock::time_point connect_at);
  void cut();
  // As a server that shuts down: the client is told, then the connection ends.
  void end(std::string_view sqlstate, std::string_view message);
  // Looks again at what it holds: the traffic's setting has changed.
  void poke();

 private:
  struct Chunk {
    Clock::time_point due;
    std::string bytes;
    bool last;
  };
  struct Flow {
    Flow(boost::asio::io_context& loop, Socket& source, Socket& sink)
        : from(source), to(sink), wake(loop), room(loop) {}
    Socket& from;
    Socket& to;
    std::deque<Chunk> chunks;
    std::size_t held_bytes = 0;
    boost::asio::steady_timer wake;
    boost::asio::steady_timer room;
  };
  enum class Verdict { forward, forward_and_cut, withhold, cut };
  struct Request {
    bool writes = false;
    bool executes = false;
  };

  boost::asio::awaitable<void> connect(Clock::time_point at);
  boost::asio::awaitable<void> read(Flow& flow);
  boost::asio::awaitable<void> write(Flow& flow);
  void hold(Flow& flow, std::string bytes, bool last);
  Verdict asked(std::string_view bytes);
  bool ends_request(char type, std::string_view body);
  void started(std::string_view body);
  Verdict answered(std::string_view bytes);

  boost::asio::io_context& loop_;
  Traffic& traffic_;
  Socket client_;
  Socket server_;
  Flow up_;
  Flow down_;
  bool open_ = true;

  MessageReader from_client_{false};
  MessageReader from_server_{true};
  KnownStatements statements_;
  Request forming_;
  std::deque<Request> unanswered_;
  bool client_speaks_ = false;
  bool tls_asked_ = false;  // the server's next byte says whether what follows is readable
  bool opaque_ = false;
  bool withholding_ = false;
};

}  // namespace relay
