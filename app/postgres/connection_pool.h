#pragma once
// The worker's few connections and which of them a statement takes. What a lost connection had not run goes
// to another one. A user's writes always take the same one, so that row locks of two batches rarely cross; a
// read takes that one too unless another is free sooner.
//
// Long reads have one more connection, made when the first of them comes: nothing else waits behind one.
// Where it cannot be made, they run among the others.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/awaitable.h"
#include "base/event.h"
#include "postgres/pipeline.h"

namespace tasklane {

class ConnectionPool {
 public:
  using Execution = boost::asio::awaitable<Result<Rows>>;  // of one statement

  // Why a pool cannot use this URL, without its content. Empty: it can.
  static std::string mistake_in(const std::string& url);

  // Throws std::invalid_argument when there is a mistake in `url`. `statements` are prepared on every
  // connection. `deadline` bounds a user's statement, and how long a connection may be silent.
  ConnectionPool(boost::asio::io_context& loop, const std::string& url, int connections,
                 std::span<const Statement* const> statements, WorkerMetrics& metrics,
                 std::chrono::milliseconds deadline = limits::kRequestDeadline);

  void start();

  // Runs one statement. service_unavailable: nothing happened. outcome_unknown: a write may have happened.
  // internal_server_error: the database refused the statement, and the log says why.
  // `trace` gets the times, and its request id is in the log.
  template <class P>
  Execution run(const StatementWith<P>& statement, std::type_identity_t<P>&& parameters,
                TracePtr trace = nullptr) {
    return run(statement, static_cast<Parameters&&>(parameters), setting_.deadline, std::move(trace));
  }
  template <class P>
  Execution run(const StatementWith<P>& statement, std::type_identity_t<P>&& parameters,
                std::chrono::milliseconds within) {
    return run(statement, static_cast<Parameters&&>(parameters), within, nullptr);
  }
  Execution run(const StatementWith<NoParameters>& statement, std::chrono::milliseconds within,
                TracePtr trace = nullptr) {
    return run(statement, Parameters(), within, std::move(trace));
  }

  // Runs a statement that no request waits for. It follows the statements of this turn of the loop, in the
  // same flush.
  void run_beside(const StatementWith<NoParameters>& statement, Job::Done done);

  // Completes when every connection's first attempt has been decided, for better or worse (true), or then.
  boost::asio::awaitable<bool> tried(Clock::time_point until = Clock::time_point::max()) {
    return tried_.wait(until);
  }

  // While no connection is up: the attempt under way, the longest one; or else the last that has failed.
  // nullptr: a connection is up.
  const Connector::Attempt* attempt() const;

 private:
  Execution run(const Statement& statement, Parameters&& parameters, std::chrono::milliseconds within,
                TracePtr trace);
  Execution submit(Job job);
  bool any_ready() const;
  Pipeline& choose(const Statement& statement, std::size_t home);
  void take(Job job);
  void place(Job job);
  void changed();
  void watch();

  boost::asio::io_context& loop_;
  Observer observer_;
  PreparedNames names_;
  Event tried_;  // each connection's first attempt has been decided
  Pipeline::Setting setting_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<Pipeline> long_reads_;
  boost::asio::steady_timer tick_timer_;
  bool watching_ = false;
};

}  // namespace tasklane
