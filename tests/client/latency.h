#pragma once
// How long requests took, in microseconds, and the figures made of it.

#include <chrono>
#include <cstdint>
#include <vector>

namespace client {

std::uint32_t microseconds(std::chrono::nanoseconds time);

// The time that this part of all requests (0 to 1) did not exceed; 0 of none.
double percentile_ms(std::vector<std::uint32_t> times_us, double part);

}  // namespace client
