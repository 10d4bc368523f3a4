#include "cli/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/exit_codes.h"

namespace tasklane {

namespace {

void print_help(const CommandLine& line) {
  fmt::print("Usage: {}\n\n{}\n\n", line.usage, line.about);
  const auto print = [](const Option& option) {
    const std::string left = option.letter != '\0'  ? fmt::format("-{}, --{}", option.letter, option.name)
                             : option.value.empty() ? fmt::format("--{}", option.name)
                                                    : fmt::format("--{} {}", option.name, option.value);
    fmt::print("  {:<18}  {}\n", left, option.help);
  };
  std::ranges::for_each(line.options, print);
  print({"help", "", "show this text"});
}

}  // namespace

std::expected<Options, int> read_options(const CommandLine& line, Arguments arguments) {
  auto options = parse_options(line.options, arguments);
  if (!options) {
    fmt::print(stderr, "tasklane: {}\nUsage: {}\n", options.error(), line.usage);
    return std::unexpected(kExitUsage);
  }
  if (options->has("help")) {
    print_help(line);
    return std::unexpected(kExitOk);
  }
  return std::move(*options);
}

std::expected<Config, int> read_command_config(const Options& options, bool database_required) {
  ConfigSource source = config_source(options);
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
