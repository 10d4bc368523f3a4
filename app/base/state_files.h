#pragma once
// The files in STATE_FOLDER by which an operator's command speaks to nginx and to the workers. They outlive
// restarts.

#include <unistd.h>

#include <string>

namespace tasklane {

// nginx answers with the first one, or shows the second one, while the first one is there.
inline constexpr char kMaintenanceFile[] = "/maintenance.json";
inline constexpr char kMaintenancePage[] = "/maintenance.html";
// Workers refuse writes while it is there.
inline constexpr char kReadOnlyFile[] = "/read-only";

inline bool is_there(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace tasklane
