#pragma once
// A new executable for the running master: first it is asked, in a child process, whether it can read this
// master's state; then this process becomes it. Until the exec succeeds nothing is lost.

#include <sys/types.h>

#include <expected>
#include <string>
#include <vector>

#include "base/descriptors.h"
#include "supervisor/handover.h"

namespace tasklane {

inline constexpr char kCheckStateOption[] = "--check-state";

struct SuccessorCheck {
  pid_t pid = 0;
  Descriptor output = {};  // what it says on stdout and stderr, non-blocking
};

// Runs `path --check-state` on the state; exit status 0 is a yes.
std::expected<SuccessorCheck, std::string> ask_successor(const std::string& path, const Handover& state);

// Becomes the executable at `path`, called with the same words (argv) as this one. Returns only when that
// fails, with the reason, everything as before.
std::string become_successor(const std::string& path, std::vector<std::string> words, const Handover& state);

}  // namespace tasklane
