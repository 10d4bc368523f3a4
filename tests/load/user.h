#pragma once
// A user of the API that writes all the time and remembers what was acknowledged: GET, POST, PUT, PATCH and
// DELETE in random order, each title one of a kind. In the end the list must be what it remembers: every
// acknowledged write exactly once, and nothing that was never asked for. A request that failed may or may
// not have been carried out.

#include <utility>  // Boost 1.74's awaitable.hpp needs it first

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "https_connection.h"

namespace load {

// Of all users together.
struct Report {
  std::uint64_t requests = 0;
  std::uint64_t acknowledged_writes = 0;
  std::map<int, std::uint64_t> failures = {};  // by status; 0: the connection broke
  std::uint64_t failures_out_of_shape = 0;     // not JSON, or without the CORS header
  std::uint64_t wrong = 0;                     // answers that contradict what was acknowledged
  std::uint64_t lost = 0;                      // acknowledged, and not there in the end
  std::uint64_t unexplained = 0;               // there in the end, though nobody asked, or twice
  std::vector<std::uint32_t> latencies_us = {};
  std::vector<double> failed_at = {};  // seconds of the monotonic clock
};

class User {
 public:
  User(boost::asio::io_context& loop, unsigned short port, const std::string& token, unsigned seed,
       Report& report);

  // Requests at this pace until told to stop.
  boost::asio::awaitable<void> work(double seconds_between, const bool& stopping);
  // Compares the list with what was acknowledged.
  boost::asio::awaitable<void> verify();

 private:
  struct Task {
    std::string title;
    bool completed;
    bool doubtful = false;  // a change or a removal of it failed: it may be this, or another, or gone
  };

  boost::asio::awaitable<Answer> ask(std::string_view method, const std::string& path,
                                     const std::string& body = {});
  boost::asio::awaitable<void> act();
  boost::asio::awaitable<void> create();
  boost::asio::awaitable<void> change(std::uint64_t id);
  boost::asio::awaitable<void> complete(std::uint64_t id);
  boost::asio::awaitable<void> remove(std::uint64_t id);
  boost::asio::awaitable<void> read(std::uint64_t id);
  std::string new_title();
  bool counts(const Answer& answer, int success);

  boost::asio::io_context& loop_;
  HttpsConnection connection_;
  std::string headers_;
  std::mt19937 random_;
  unsigned seed_;
  Report& report_;
  std::map<std::uint64_t, Task> tasks_;  // acknowledged
  std::set<std::string> attempted_;      // titles whose creation or change failed
  std::uint64_t titles_ = 0;
};

}  // namespace load
