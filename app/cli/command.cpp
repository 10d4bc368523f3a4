#include "cli/command.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/exit_codes.h"
#include "cli/arguments.h"

namespace tasklane {

std::expected<Config, int> read_command_config(const Options& options, bool database_required) {
  ConfigSource source;
  source.env_file = options.value(kEnvFileOption.name, source.env_file);
  source.env_file_required = options.has(kEnvFileOption.name);
  source.database_required = database_required;
  auto config = read_config(source);
  if (config) return std::move(*config);
  for (const auto& mistake : config.error()) fmt::print(stderr, "tasklane: {}\n", mistake);
  return std::unexpected(kExitConfiguration);
}

std::string share_folder(std::string_view name) {
  // /proc/self/exe and not argv[0]: the command may have been found on PATH or through a link.
  const auto executable = std::filesystem::read_symlink("/proc/self/exe");
  return (executable.parent_path().parent_path() / "share" / "tasklane" / name).string();
}

}  // namespace tasklane
