#include "base/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/text.h"

namespace tasklane {

namespace {

// A hierarchy of control groups as it is mounted, and where in it this process is.
struct Mount {
  std::string folder;  // of the process's own group
  std::string top;     // of the highest group that can be seen
};

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    if (take_until(words, ',') == wanted) return true;
  }
  return false;
}

// Lines of "number:controllers:path"; v2 is number 0 without controllers (cgroups(7)).
std::optional<std::string> own_path(const std::string& root, std::string_view controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    std::string_view rest = line;
    const std::string_view number = take_until(rest, ':');
    const std::string_view controllers = take_until(rest, ':');
    if (controller.empty() ? number == "0" && controllers.empty() : has_word(controllers, controller))
      return std::string(rest);
  }
  return std::nullopt;
}

// Lines of "id parent major:minor root mount-point options … - type source super-options"
// (proc_pid_mountinfo(5)). The path is one of the whole hierarchy, of which a container may have a part
// mounted: where the path is not in that part, the container's own group is the mount itself.
std::optional<Mount> find_mount(const std::string& root, std::string_view type, std::string_view controller) {
  const auto path = own_path(root, controller);
  if (!path) return std::nullopt;
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash)), behind(line.substr(dash + 3));
    std::string skipped, part, point, its_type, source, options;
    before >> skipped >> skipped >> skipped >> part >> point;
    behind >> its_type >> source >> options;
    if (its_type != type || (!controller.empty() && !has_word(options, controller))) continue;
    const std::string top = root + point;
    std::string_view below = *path;
    if (part != "/") below = below.starts_with(part) ? below.substr(part.size()) : std::string_view();
    const std::string folder = top + std::string(below);
    return Mount{::access(folder.c_str(), F_OK) == 0 ? folder : top, top};
  }
  return std::nullopt;
}

// The first two words of a file.
std::pair<std::string, std::string> words_of(const std::string& path) {
  std::ifstream file(path);
  std::pair<std::string, std::string> words;
  file >> words.first >> words.second;
  return words;
}

// In processors; 0: none. "max" and -1 are no number above 0.
double quota_of(std::string_view quota, std::string_view period) {
  const auto time = parse_number<std::int64_t>(quota), of = parse_number<std::int64_t>(period);
  return time && of && *time > 0 && *of > 0 ? static_cast<double>(*time) / static_cast<double>(*of) : 0;
}

template <class Read>
double least_quota(const std::optional<Mount>& mount, Read read) {
  double least = 0;
  if (!mount) return least;
  for (std::string folder = mount->folder;; folder.resize(folder.rfind('/'))) {
    if (const double quota = read(folder); quota > 0) least = least > 0 ? std::min(least, quota) : quota;
    if (folder.size() <= mount->top.size()) return least;
  }
}

}  // namespace

double quota_processors(const std::string& root) {
  const double second = least_quota(find_mount(root, "cgroup2", ""), [](const std::string& folder) {
    const auto [quota, period] = words_of(folder + "/cpu.max");
    return quota_of(quota, period);
  });
  const double first = least_quota(find_mount(root, "cgroup", "cpu"), [](const std::string& folder) {
    return quota_of(words_of(folder + "/cpu.cfs_quota_us").first,
                    words_of(folder + "/cpu.cfs_period_us").first);
  });
  if (first > 0 && second > 0) return std::min(first, second);
  return std::max(first, second);
}

std::size_t usable_processors(const std::string& root) {
  cpu_set_t allowed;
  long count = ::sysconf(_SC_NPROCESSORS_ONLN);  // for a machine with more than a cpu_set_t holds
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) count = CPU_COUNT(&allowed);
  if (const double quota = quota_processors(root); quota > 0)
    count = std::min(count, static_cast<long>(std::ceil(std::min(quota, 1e6))));
  return static_cast<std::size_t>(std::max(count, 1L));
}

}  // namespace tasklane
