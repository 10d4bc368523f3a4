#pragma once
// How much memory a process holds, from the kernel.

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace tasklane {

// Resident set, in bytes (proc(5): statm); empty when the process is gone.
std::optional<std::uint64_t> resident_bytes(pid_t pid);

}  // namespace tasklane
