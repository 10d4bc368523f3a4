#include "report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "client/latency.h"

namespace load {

using client::percentile_ms;

namespace {

double seconds(Clock::time_point at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

std::string percentiles(const std::vector<std::uint32_t>& latencies_us) {
  return fmt::format(R"("p50_ms":{:.1f},"p95_ms":{:.1f},"p99_ms":{:.1f},"max_ms":{:.1f})",
                     percentile_ms(latencies_us, 0.5), percentile_ms(latencies_us, 0.95),
                     percentile_ms(latencies_us, 0.99), percentile_ms(latencies_us, 1));
}

}  // namespace

void Report::add_success(Clock::time_point begun, bool began_in_a_fault) {
  const auto now = Clock::now();
  const std::uint32_t took = client::microseconds(now - begun);
  latencies_us.push_back(took);
  latencies_by_phase[fault || began_in_a_fault ? 1 : 0].push_back(took);
  if (answered_at != Clock::time_point{}) longest_gap = std::max(longest_gap, now - answered_at);
  answered_at = now;
}

std::string Report::json() const {
  std::vector<std::string> by_status, each;
  for (const auto& [status, count] : failures) by_status.push_back(fmt::format("\"{}\":{}", status, count));
  for (const auto& [begun, ended, kind] : failed)
    each.push_back(fmt::format("[{:.4f},{:.4f},\"{}\"]", seconds(begun), seconds(ended), kind));
  return fmt::format(
      R"({{"requests":{},"failures":{{{}}},"failures_out_of_shape":{},"acknowledged_writes":{},"failed_writes":{},)"
      R"("unknown_writes":{},"settled":{},"replayed":{},"wrong":{},"lost":{},"unexplained":{},"duplicates":{},)"
      R"("cross_user":{},"longest_gap_ms":{},{},"calm":{{"requests":{},{}}},"fault":{{"requests":{},{}}},)"
      R"("failed":[{}]}})",
      requests, fmt::join(by_status, ","), failures_out_of_shape, acknowledged_writes, failed_writes,
      unknown_writes, settled, replayed, wrong, lost, unexplained, duplicates, cross_user,
      std::chrono::duration_cast<std::chrono::milliseconds>(longest_gap).count(), percentiles(latencies_us),
      latencies_by_phase[0].size(), percentiles(latencies_by_phase[0]), latencies_by_phase[1].size(),
      percentiles(latencies_by_phase[1]), fmt::join(each, ","));
}

}  // namespace load
