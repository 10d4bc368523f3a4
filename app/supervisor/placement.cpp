#include "supervisor/placement.h"

#include <sched.h>

#include <array>

namespace tasklane {

namespace {

// None: the process is gone, or there are more processors than a cpu_set_t holds.
std::optional<cpu_set_t> allowed_to(pid_t pid) {
  cpu_set_t allowed;
  if (::sched_getaffinity(pid, sizeof allowed, &allowed) != 0) return std::nullopt;
  return allowed;
}

}  // namespace

std::optional<std::size_t> processor_for_worker(std::size_t configured, std::span<const pid_t> workers) {
  const auto ours = allowed_to(0);
  if (!ours || configured < static_cast<std::size_t>(CPU_COUNT(&*ours))) return std::nullopt;
  std::array<unsigned, CPU_SETSIZE> bound{};
  for (const pid_t worker : workers) {
    const auto allowed = allowed_to(worker);
    if (!allowed || CPU_COUNT(&*allowed) != 1) continue;
    for (std::size_t i = 0; i < bound.size(); ++i) bound[i] += CPU_ISSET(i, &*allowed) ? 1U : 0U;
  }
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < bound.size(); ++i) {
    if (CPU_ISSET(i, &*ours) && (!best || bound[i] < bound[*best])) best = i;
  }
  return best;
}

void bind_to_processor(pid_t process, std::size_t processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  ::sched_setaffinity(process, sizeof one, &one);
}

}  // namespace tasklane
