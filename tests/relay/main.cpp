// relay LISTEN SERVER: carries PostgreSQL connections from one address to the other, and does to them what
// the lines on stdin say (relay.h), until stdin ends. An address is the path of a unix socket or a port of
// 127.0.0.1.

#include "base/awaitable.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <exception>

#include "relay.h"

namespace {

namespace asio = boost::asio;

asio::awaitable<void> obey_stdin(asio::io_context& loop, relay::Relay& relay) {
  asio::posix::stream_descriptor input(loop, ::dup(STDIN_FILENO));
  std::string lines;
  while (true) {
    const std::size_t size =
        co_await asio::async_read_until(input, asio::dynamic_buffer(lines), '\n', asio::use_awaitable);
    const std::string line = lines.substr(0, size - 1);
    lines.erase(0, size);
    fmt::print("{}\n", relay.obey(line));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    fmt::print(stderr, "usage: relay LISTEN SERVER\n");
    return 2;
  }
  asio::io_context loop(1);
  relay::Relay relay(loop, argv[1], argv[2]);
  fmt::print("ready\n");
  std::fflush(stdout);
  asio::co_spawn(loop, obey_stdin(loop, relay), [&loop](const std::exception_ptr&) { loop.stop(); });
  loop.run();
} catch (const std::exception& error) {
  fmt::print(stderr, "relay: {}\n", error.what());
  return 1;
}
