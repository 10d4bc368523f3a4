#pragma once
// The memory that a process holds in RAM now (proc_pid_statm(5)).

#include <cstdint>
#include <optional>

namespace tasklane {

// In bytes; empty when there is no such process or /proc does not show it.
std::optional<std::uint64_t> resident_bytes(std::uint64_t pid);

}  // namespace tasklane
