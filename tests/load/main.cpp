// load PORT REQUESTS_PER_SECOND [keys]: a user on a connection of its own for every token on stdin, up to an
// empty line; then "fault" and "calm" tell of the times to keep apart, until stdin ends. Then the users'
// lists are compared with their ledgers. Prints "progress REQUESTS FAILURES P99_MS" of every half second, and
// in the end the report as one line of JSON. With `keys`, POST and PATCH carry an Idempotency-Key and are
// repeated while in doubt.

#include "base/awaitable.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "base/text.h"
#include "client/latency.h"
#include "user.h"

namespace {

using namespace load;
namespace asio = boost::asio;

asio::awaitable<void> tell_progress(asio::io_context& loop, const Report& report, const bool& stopping) {
  asio::steady_timer timer(loop);
  std::size_t told = 0;
  while (!stopping) {
    timer.expires_after(std::chrono::milliseconds(500));
    co_await timer.async_wait(asio::use_awaitable);
    std::uint64_t failures = 0;
    for (const auto& [status, count] : report.failures) failures += count;
    const auto begin =
        report.latencies_us.begin() + static_cast<long>(std::exchange(told, report.latencies_us.size()));
    fmt::print("progress {} {} {:.1f}\n", report.requests, failures,
               client::percentile_ms({begin, report.latencies_us.end()}, 0.99));
    std::fflush(stdout);
  }
}

asio::awaitable<void> listen_to_stdin(asio::io_context& loop, Report& report, bool& stopping) {
  asio::posix::stream_descriptor input(loop, ::dup(STDIN_FILENO));
  std::string lines;
  boost::system::error_code error;
  while (true) {
    const auto size = co_await asio::async_read_until(input, asio::dynamic_buffer(lines), '\n',
                                                      asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    report.fault = lines.starts_with("fault");
    lines.erase(0, size);
  }
  stopping = true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = argc < 3 ? std::nullopt : tasklane::parse_number<unsigned short>(argv[1]);
  const auto rate = argc < 3 ? std::nullopt : tasklane::parse_number<double>(argv[2]);
  if (!port || !rate) return 2;
  const Server server{.port = *port};
  const bool keys = argc > 3 && std::string_view(argv[3]) == "keys";
  asio::io_context loop(1);
  Report report;
  bool stopping = false;
  std::vector<std::unique_ptr<User>> users;
  std::setvbuf(stdin, nullptr, _IONBF, 0);
  std::string token;
  while (std::getline(std::cin, token) && !token.empty())
    users.push_back(
        std::make_unique<User>(loop, server, token, static_cast<unsigned>(users.size()), keys, report));
  const double pace = static_cast<double>(users.size()) / *rate;
  for (auto& user : users) asio::co_spawn(loop, user->work(pace, stopping), asio::detached);
  asio::co_spawn(loop, tell_progress(loop, report, stopping), asio::detached);
  asio::co_spawn(loop, listen_to_stdin(loop, report, stopping), asio::detached);
  loop.run();
  loop.restart();
  for (auto& user : users) asio::co_spawn(loop, user->verify(), asio::detached);
  loop.run();
  fmt::print("{}\n", report.json());
}
