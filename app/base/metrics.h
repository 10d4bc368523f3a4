#pragma once
// Counters in memory that the master maps and all workers share: whichever worker is asked renders the sum.
// The users' rate limits are in the same memory (user_buckets.h). Each worker writes its own slot only; a
// slot's successor counts on, so counters never go back. Relaxed atomics: a scrape may see one counter a
// request ahead of another.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/descriptors.h"
#include "base/limits.h"
#include "base/user_buckets.h"

namespace tasklane {

using Counter = std::atomic<std::uint64_t>;

inline void add(Counter& counter, std::uint64_t amount = 1) {
  counter.fetch_add(amount, std::memory_order_relaxed);
}
inline void subtract(Counter& counter, std::uint64_t amount = 1) {
  counter.fetch_sub(amount, std::memory_order_relaxed);
}
inline std::uint64_t read(const Counter& counter) {
  return counter.load(std::memory_order_relaxed);
}

// Upper bounds of the latency histogram's buckets, in microseconds; one more bucket takes the rest.
inline constexpr std::array<std::uint64_t, 12> kLatencyBucketsMicroseconds = {
    250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000};

// The bounds of the label sets: what an index means stands where its enum does, and a test compares the
// sizes.
inline constexpr std::size_t kRoutesMax = 16;                               // base/endpoint.h, Endpoint
inline constexpr std::size_t kMethodsMax = 8;                               // base/endpoint.h, kMethods
inline constexpr std::size_t kStatusesMax = 16;                             // http/problem.h, status_index
inline constexpr std::size_t kAuthenticationFailuresMax = 24;               // auth/jwt.h, TokenFault
inline constexpr std::array<std::string_view, 6> kDatabaseErrorClasses = {  // postgres/sqlstate.h
    "conflict", "unavailable", "connection_lost", "read_only", "rejected", "unprepared"};
// The statements that are counted each by itself: Statement::number is a place in here (store/statements.h).
inline constexpr std::array<std::string_view, 42> kStatementNames = {"list_tasks",
                                                                     "list_tasks_by_completion",
                                                                     "list_more_tasks",
                                                                     "list_more_tasks_by_completion",
                                                                     "slice_newest",
                                                                     "slice_oldest",
                                                                     "slice_newest_by_completion",
                                                                     "slice_oldest_by_completion",
                                                                     "scan_newest",
                                                                     "scan_oldest",
                                                                     "sort_by_update_down",
                                                                     "sort_by_update_up",
                                                                     "sort_by_title_down",
                                                                     "sort_by_title_up",
                                                                     "sort_by_completion_down",
                                                                     "sort_by_completion_up",
                                                                     "get_tasks",
                                                                     "delete_tasks",
                                                                     "find_deletion",
                                                                     "keep_deletion",
                                                                     "get_task",
                                                                     "create_task",
                                                                     "update_task",
                                                                     "complete_task",
                                                                     "delete_task",
                                                                     "lock_task",
                                                                     "create_task_once",
                                                                     "complete_task_once",
                                                                     "update_task_once",
                                                                     "delete_task_once",
                                                                     "update_task_if",
                                                                     "complete_task_if",
                                                                     "delete_task_if",
                                                                     "task_stats",
                                                                     "sweep_keys",
                                                                     "public_keys",
                                                                     "public_keys_in",
                                                                     "missing_rights",
                                                                     "key_rights",
                                                                     "user_marks",
                                                                     "try_session",
                                                                     "ping"};

// One worker's numbers. Lock-free and trivially zero, so that a fresh mapping is a valid one.
struct WorkerMetrics {
  // Gauges, set to zero by a worker when it takes the slot.
  Counter pid;
  Counter generation;
  Counter started_at_seconds;  // Unix time
  Counter fastcgi_connections;
  Counter requests_in_flight;
  Counter requests_in_flight_max;  // the bound past which this worker answers 503
  Counter database_connections_ready;
  Counter database_connections_connecting;
  Counter database_connections_down;
  Counter database_statements_in_flight;
  Counter database_unnamed;   // 1: statements go without prepared names
  Counter heartbeat;          // counts the turns of the loop's own timer; the master watches it
  Counter requests_answered;  // by this process
  // Counters.
  Counter starts;  // workers that have taken this slot; 0: its other numbers are zero, too
  std::array<std::array<std::array<Counter, kStatusesMax>, kMethodsMax>, kRoutesMax> requests;
  std::array<std::array<Counter, kLatencyBucketsMicroseconds.size() + 1>, kRoutesMax> latency;
  std::array<Counter, kRoutesMax> latency_sum_microseconds;
  Counter slow_requests;
  std::array<Counter, kAuthenticationFailuresMax> authentication_failures;
  Counter token_cache_hits;
  Counter token_cache_misses;
  Counter overload_rejections;
  Counter user_rate_rejections;
  Counter idempotency_replays;       // requests answered with an earlier one's answer
  Counter idempotency_keys_removed;  // expired
  Counter database_batches;
  Counter database_statements;
  Counter database_batch_failures;  // batches whose statements ran again one by one
  Counter database_connects;
  Counter database_connection_losses;
  std::array<Counter, kDatabaseErrorClasses.size()> database_errors;
  std::array<Counter, kStatementNames.size()> statement_runs;          // with an answer, each attempt
  std::array<Counter, kStatementNames.size()> statement_microseconds;  // from sending to the answer
  std::array<Counter, kStatementNames.size()> statement_errors;
};

// For a slot that nobody has, or that a new worker takes.
void clear_gauges(WorkerMetrics& slot);

struct MetricsLayout {
  std::uint64_t version;  // of this struct: a worker refuses a mapping it does not know
  Counter workers_configured;
  Counter worker_restarts;
  // The rest the master writes, too.
  Counter generation;       // that serves
  Counter workers_ready;    // of it
  Counter workers_waiting;  // of it: between a death and the next attempt
  Counter workers_refused;  // of it: exit 100, nobody follows before a reload
  Counter reloads_done;
  Counter reloads_failed;
  Counter last_reload_failed;      // 0, 1
  Counter last_reload_at_seconds;  // Unix time; 0: none yet
  Counter kills_not_ready;
  Counter kills_not_drained;
  Counter kills_stopped_turning;
  Counter retirements;
  Counter upgrades;
  Counter draining_since_ms;  // CLOCK_MONOTONIC; 0: not draining
  std::array<WorkerMetrics, limits::kSlotsMax> workers;
  UserBuckets user_buckets;
};
inline constexpr std::uint64_t kMetricsVersion = 10;

// The shared mapping. Throws std::system_error when the kernel refuses it.
class Metrics {
 public:
  static Metrics create();             // in the master: a memfd, zeroed
  static Metrics open(Descriptor fd);  // in a worker: inherited
  Metrics(Metrics&& other) noexcept;
  Metrics& operator=(Metrics&&) = delete;
  ~Metrics();

  int fd() const { return fd_.get(); }
  MetricsLayout& layout() { return *layout_; }
  const MetricsLayout& layout() const { return *layout_; }

 private:
  Metrics(Descriptor fd, bool fresh);
  Descriptor fd_;
  MetricsLayout* layout_;
};

}  // namespace tasklane
