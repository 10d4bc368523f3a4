#pragma once
// The shape every command of `tasklane` has: the words behind the command's name in, an exit status
// (base/exit_codes.h) out. A command prints its result on stdout and what is wrong on stderr, prints its own
// help for --help, and answers wrong usage with a sentence on stderr and kExitUsage (read_options in
// arguments.h does both). cli_main.cpp holds the table of commands and stops exceptions.

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/config.h"

namespace tasklane {

using Arguments = std::span<const std::string_view>;

struct Command {
  std::string_view name;
  std::string_view summary;  // one line for `tasklane --help`
  int (*run)(Arguments arguments);
};

class Options;

// The configuration, from the environment and the file --env-file names. With mistakes each of them is told
// on stderr as "tasklane: NAME says what", and the status to exit with comes back.
std::expected<Config, int> read_command_config(const Options& options, bool database_required = true);

// The installed folder of data files, such as "sql" or "nginx": <executable's
// folder>/../share/tasklane/<name>.
std::string share_folder(std::string_view name);

}  // namespace tasklane
