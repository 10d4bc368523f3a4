#pragma once
// Which processor a worker is bound to (sched_setaffinity(2)). A worker that stays where its caches are
// serves a list for 6 to 8 % less: docs/benchmarks/attempts.md.

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>

namespace tasklane {

// Of the processors that this process may use, the one that the fewest of `workers` are bound to. None when
// there are more processors than `configured` workers: the kernel then places them better than we would, next
// to nginx and Postgres.
std::optional<std::size_t> processor_for_worker(std::size_t configured, std::span<const pid_t> workers);

// As far as the system lets us.
void bind_to_processor(pid_t process, std::size_t processor);

}  // namespace tasklane
