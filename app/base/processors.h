#pragma once
// How many processors this process may use: those of its affinity mask (sched_getaffinity(2)), or as many as
// the CPU quota of its control groups pays for, when that is less. A part of one counts as one.

#include <cstddef>
#include <string>

namespace tasklane {

// At least 1. `root` is where /proc and the cgroup file systems are, for tests.
std::size_t usable_processors(const std::string& root = "");

// The quota alone, in processors; 0: there is none. Of the process's own group and all above it that can be
// seen, in cgroup v2 (cpu.max) or v1 (cpu.cfs_quota_us over cpu.cfs_period_us); cgroups(7).
double quota_processors(const std::string& root = "");

}  // namespace tasklane
