// load PORT REQUESTS_PER_SECOND: a user on a connection of its own for every token on stdin, until stdin
// ends; then the users' lists are compared with what was acknowledged. Prints "progress REQUESTS FAILURES
// P99_MS" of every half second, and in the end the report as one line of JSON.

#include <utility>  // Boost 1.74's awaitable.hpp needs it first

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "user.h"

namespace {

using namespace load;
namespace asio = boost::asio;

double percentile_ms(std::vector<std::uint32_t> latencies, double part) {
  if (latencies.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1));
  std::nth_element(latencies.begin(), latencies.begin() + static_cast<long>(at), latencies.end());
  return latencies[at] / 1000.0;
}

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
               percentile_ms({begin, report.latencies_us.end()}, 0.99));
    std::fflush(stdout);
  }
}

asio::awaitable<void> await_end_of_input(asio::io_context& loop, bool& stopping) {
  asio::posix::stream_descriptor input(loop, ::dup(STDIN_FILENO));
  char byte = 0;
  boost::system::error_code error;
  co_await input.async_read_some(asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, error));
  stopping = true;
}

void print(const Report& report) {
  std::string failures;
  for (const auto& [status, count] : report.failures)
    failures += fmt::format("{}\"{}\":{}", failures.empty() ? "" : ",", status, count);
  const auto& all = report.latencies_us;
  fmt::print(
      R"({{"requests":{},"acknowledged_writes":{},"failures":{{{}}},"failures_out_of_shape":{},"wrong":{},)"
      R"("lost":{},"unexplained":{},"p50_ms":{:.1f},"p95_ms":{:.1f},"p99_ms":{:.1f},"max_ms":{:.1f},)"
      R"("failed_at":[{:.3f}]}})"
      "\n",
      report.requests, report.acknowledged_writes, failures, report.failures_out_of_shape, report.wrong,
      report.lost, report.unexplained, percentile_ms(all, 0.5), percentile_ms(all, 0.95),
      percentile_ms(all, 0.99), percentile_ms(all, 1), fmt::join(report.failed_at, ","));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  const double rate = std::atof(argv[2]);
  asio::io_context loop(1);
  Report report;
  bool stopping = false;
  std::vector<std::unique_ptr<User>> users;
  std::setvbuf(stdin, nullptr, _IONBF, 0);
  std::string token;
  while (std::getline(std::cin, token) && !token.empty())
    users.push_back(std::make_unique<User>(loop, port, token, static_cast<unsigned>(users.size()), report));
  const double pace = static_cast<double>(users.size()) / rate;
  for (auto& user : users) asio::co_spawn(loop, user->work(pace, stopping), asio::detached);
  asio::co_spawn(loop, tell_progress(loop, report, stopping), asio::detached);
  asio::co_spawn(loop, await_end_of_input(loop, stopping), asio::detached);
  loop.run();
  loop.restart();
  for (auto& user : users) asio::co_spawn(loop, user->verify(), asio::detached);
  loop.run();
  print(report);
}
