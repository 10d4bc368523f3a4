#include "cli/installed_site.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "base/state_files.h"
#include "cli/nginx_template.h"

namespace tasklane {

namespace fs = std::filesystem;

std::optional<InstalledSite> find_installed_site(const fs::path& nginx_folder, std::string_view instance,
                                                 std::string_view state_folder) {
  for (const char* folder : {"sites-enabled", "conf.d"}) {
    std::error_code error;
    const fs::path path = fs::canonical(nginx_folder / folder / (site_name(instance) + ".conf"), error);
    if (error) continue;
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in) continue;
    return InstalledSite{
        .path = path,
        .looks_for_maintenance = text.contains(fmt::format("\"{}{}\"", state_folder, kMaintenanceFile))};
  }
  return std::nullopt;
}

}  // namespace tasklane
