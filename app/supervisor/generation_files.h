#pragma once
// What every worker of a generation is given, and what the master goes by while that generation serves. It is
// made when the generation begins and stays as it is: a worker that is replaced later starts as the first
// ones did, whatever the configuration file says by then.

#include <cstdint>
#include <expected>
#include <string>

#include "base/config.h"
#include "base/descriptors.h"
#include "supervisor/pool.h"

namespace tasklane {

// When a worker is retired; 0: never.
struct RetireAt {
  std::uint64_t requests = 0;
  std::uint64_t rss_bytes = 0;
};

// What a reload may change for the master.
struct Adjustable {
  PoolSettings pool;
  RetireAt retire_at = {};
  std::chrono::milliseconds drain_delay{0};  // between "not ready any more" and letting go of the socket
  bool cpu_affinity = false;  // binds workers to processors (supervisor/placement.h)
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::automatic;
};

// A configuration as it was read.
struct Reading {
  Adjustable adjustable;
  GivenValues values = {};  // for the workers
};

struct GenerationFiles {
  Adjustable adjustable;
  Descriptor values;  // memfd of base/handed_values.h
  Descriptor keys;    // memfd, for the workers to write: base/descriptors.h
};

// Or a sentence, when the kernel refuses a descriptor.
std::expected<GenerationFiles, std::string> freeze(const Reading& reading);

}  // namespace tasklane
