#pragma once
// Runs a coroutine on a loop until it has its result. Whatever else the loop holds (reconnecting, deadlines)
// goes on meanwhile. Throws what the coroutine throws, and when it takes longer than a test may.

#include "base/awaitable.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace tasklane {

inline constexpr std::chrono::seconds kTestPatience{20};

// Turns the loop until the condition holds; false: it never did.
template <class Condition>
bool run_until(boost::asio::io_context& loop, Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + kTestPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    loop.restart();
    loop.run_one_for(std::chrono::milliseconds(5));
  }
  return true;
}

template <class T>
boost::asio::awaitable<void> keep_result(boost::asio::awaitable<T> work, std::optional<T>& result) {
  result.emplace(co_await std::move(work));
}

// Begins the work on the loop; `result` is set when it is done. An exception leaves by the loop.
template <class T>
void begin(boost::asio::io_context& loop, boost::asio::awaitable<T> work, std::optional<T>& result) {
  boost::asio::co_spawn(loop, keep_result(std::move(work), result), [](std::exception_ptr fault) {
    if (fault) std::rethrow_exception(fault);
  });
}

template <class T>
T await(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
  std::optional<T> result;
  begin(loop, std::move(work), result);
  if (!run_until(loop, [&] { return result.has_value(); })) throw std::runtime_error("no result in time");
  return *std::move(result);
}

}  // namespace tasklane
