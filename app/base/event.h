#pragma once
// Something to wait for until it has happened, within one event loop. Any number may wait.

#include "base/awaitable.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <vector>

namespace tasklane {

class Event {
 public:
  explicit Event(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  bool is_set() const { return set_; }
  // Wakes all who wait; who comes later does not wait.
  void set() {
    set_ = true;
    for (boost::asio::steady_timer* waiter : waiters_) waiter->cancel();
  }

  // Whether it was set by then.
  boost::asio::awaitable<bool> wait(
      boost::asio::steady_timer::time_point until = boost::asio::steady_timer::time_point::max()) {
    if (set_) co_return true;
    boost::asio::steady_timer waiter(executor_, until);
    waiters_.push_back(&waiter);
    boost::system::error_code cancelled;
    co_await waiter.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    std::erase(waiters_, &waiter);
    co_return set_;
  }

 private:
  boost::asio::any_io_executor executor_;
  std::vector<boost::asio::steady_timer*> waiters_;
  bool set_ = false;
};

}  // namespace tasklane
