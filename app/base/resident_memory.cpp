#include "base/resident_memory.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace tasklane {

std::optional<std::uint64_t> resident_bytes(std::uint64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t whole_pages = 0, resident_pages = 0;
  if (!(file >> whole_pages >> resident_pages)) return std::nullopt;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tasklane
