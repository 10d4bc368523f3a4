#include "base/trace.h"

#include <algorithm>
#include <array>

namespace tasklane {

namespace {

constexpr std::size_t kTraceparentBytes = 55;  // version "-" trace-id "-" parent-id "-" trace-flags

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

Phases phases(const Trace& trace, Trace::Time written) {
  // A point that was not reached falls on the one behind it, so that its time counts to the phase it ended
  // in.
  std::array points = {trace.received,  trace.read, trace.authenticated,
                       trace.submitted, trace.sent, trace.completed};
  const bool stuck = trace.submitted != Trace::Time{} && trace.completed == Trace::Time{};
  if (stuck) {
    points[5] = written;                                   // given up while the database had it
    if (trace.sent == Trace::Time{}) points[4] = written;  // or before
  }
  for (std::size_t i = 1; i < points.size(); ++i) points[i] = std::max(points[i], points[i - 1]);
  const auto between = [&](std::size_t from, Trace::Time until) {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::max(until, points[from]) -
                                                                 points[from]);
  };
  return {.parse = between(0, points[1]) + between(2, points[3]),
          .auth = between(1, points[2]),
          .database_wait = between(3, points[4]),
          .database = between(4, points[5]),
          .write = between(5, written)};
}

// A version after 00 may have more behind another dash; ff is none.
std::string_view trace_id_of(std::string_view traceparent) {
  if (traceparent.size() < kTraceparentBytes) return {};
  const std::string_view version = traceparent.substr(0, 2), trace = traceparent.substr(3, 32),
                         parent = traceparent.substr(36, 16), flags = traceparent.substr(53, 2);
  const bool dashes = traceparent[2] == '-' && traceparent[35] == '-' && traceparent[52] == '-';
  const bool digits =
      is_lower_hex(version) && is_lower_hex(trace) && is_lower_hex(parent) && is_lower_hex(flags);
  const bool longer = traceparent.size() > kTraceparentBytes;
  if (longer && (version == "00" || traceparent[kTraceparentBytes] != '-')) return {};
  if (!dashes || !digits || version == "ff" || is_zero(trace) || is_zero(parent)) return {};
  return trace;
}

}  // namespace tasklane
