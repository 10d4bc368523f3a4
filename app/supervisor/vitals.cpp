#include "supervisor/vitals.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace tasklane {

std::optional<std::uint64_t> resident_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t total_pages = 0, resident_pages = 0;
  if (!(file >> total_pages >> resident_pages)) return std::nullopt;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tasklane
