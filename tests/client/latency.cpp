#include "client/latency.h"

#include <algorithm>

namespace client {

std::uint32_t microseconds(std::chrono::nanoseconds time) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

double percentile_ms(std::vector<std::uint32_t> times_us, double part) {
  if (times_us.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(times_us.size() - 1));
  std::nth_element(times_us.begin(), times_us.begin() + static_cast<long>(at), times_us.end());
  return times_us[at] / 1000.0;
}

}  // namespace client
