#include "cli/config_files.h"

#include <unistd.h>

#include <cerrno>

namespace tasklane {

namespace fs = std::filesystem;

namespace {

// A file that cannot be examined counts as present: it must not be skipped in silence.
bool is_there(const fs::path& path) {
  return ::access(path.c_str(), F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

}  // namespace

ConfigFiles find_config_files(const Options& options, const fs::path& prefix) {
  const fs::path folder = (prefix == "/usr" ? fs::path("/") : prefix) / "etc" / "tasklane";
  const fs::path installed = folder / "tasklane.env";
  ConfigFiles files{.source = config_source(options), .closed_credentials = {}};
  if (!files.source.env_file_required && is_there(installed)) files.source.env_file = installed.string();
  const fs::path file = fs::path(files.source.env_file).lexically_normal(), beside = file.parent_path();
  if (file.filename() != installed.filename() || (beside != folder && beside.parent_path() != folder))
    return files;
  const fs::path credentials = beside / "credentials";
  if (!is_there(credentials)) return files;
  if (::access(credentials.c_str(), X_OK) == 0) {
    files.source.credentials_folder = credentials.string();
  } else {
    files.closed_credentials = credentials.string();
  }
  return files;
}

fs::path installed_prefix() {
  // /proc/self/exe and not argv[0]: the command may have been found on PATH or through a link.
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path();
}

}  // namespace tasklane
