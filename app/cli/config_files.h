#pragma once
// Where the operator's command finds its configuration without --env-file: in the files that were installed
// with it. A command that is not installed (a build) reads `.env` in the current folder.

#include <filesystem>
#include <string>

#include "base/options.h"

namespace tasklane {

struct ConfigFiles {
  ConfigSource source;
  std::string closed_credentials;  // the folder of secrets, when this user cannot look into it; else empty
};

// `prefix` is the command's: below /usr the configuration is in /etc/tasklane, else in PREFIX/etc/tasklane
// (packaging/place.cmake). The file is the one of --env-file; else the installed one, if there is one; else
// `.env`. The secrets beside the installed file, in credentials/, count when that is the file; so do those
// beside another instance's, FOLDER/INSTANCE/tasklane.env.
ConfigFiles find_config_files(const Options& options, const std::filesystem::path& prefix);

// The folder above the one this program is in.
std::filesystem::path installed_prefix();

}  // namespace tasklane
