#pragma once
// Starts one worker process: fork, its inheritance at the numbers of base/descriptors.h, exec.
//
// The worker gets the master's environment and its place in the pool (TASKLANE_SLOT, TASKLANE_GENERATION), no
// blocked signal, default dispositions (SIGPIPE stays ignored) and a process group of its own, so that Ctrl-C
// in a terminal reaches the master alone. When the master dies, however it dies, the kernel sends the worker
// SIGTERM, which means drain. An exec that fails is logged and is exit status 127 (not found) or 126.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptors.h"

namespace tasklane {

inline constexpr int kExitExecFailed = 126;  // as in a shell
inline constexpr int kExitExecNotFound = 127;

struct WorkerCommand {
  std::string path;                         // of the executable
  std::vector<std::string> arguments = {};  // behind argv[0]
};

// The master's own numbers; the worker's are fixed.
struct Inheritance {
  int listen_fd;
  int metrics_fd;
  int values_fd;
  int keys_fd;
  int tcp_listen_fd = -1;  // there is none
};

// Its place in the pool, and the processor that it is bound to; none: wherever the kernel likes.
struct WorkerPlace {
  std::size_t slot;
  std::uint64_t generation;
  std::optional<std::size_t> processor = {};
};

struct WorkerProcess {
  pid_t pid = 0;
  Descriptor channel = {};  // its end of it is the worker's kMasterFd
};

// The running process, or a sentence when the system refuses one (too many processes or descriptors).
std::expected<WorkerProcess, std::string> spawn_worker(const WorkerCommand& command,
                                                       const Inheritance& inheritance,
                                                       const WorkerPlace& place);

// Where the running executable stands, also after another file has taken its place.
std::string own_executable();

// How a process ended, from waitpid(2)'s status.
struct Ending {
  int exit_status;     // -1 when a signal ended it
  std::string signal;  // "SIGKILL"; empty when it exited
};
Ending ending(int wait_status);

}  // namespace tasklane
