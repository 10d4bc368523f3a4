#pragma once
// Tasklane's site where Debian's nginx includes sites from: whether it was rendered so that nginx looks for
// the file by which maintenance is turned on. Everybody may read these files; `nginx -T` is root's.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace tasklane {

struct InstalledSite {
  std::filesystem::path path;  // without links: where it was rendered to
  bool looks_for_maintenance = false;
};

// The instance's site below `nginx_folder`. nullopt: there is none, or this user cannot read it.
std::optional<InstalledSite> find_installed_site(const std::filesystem::path& nginx_folder,
                                                 std::string_view instance, std::string_view state_folder);

inline constexpr char kNginxFolder[] = "/etc/nginx";

}  // namespace tasklane
