#pragma once
// The shape every command of `tasklane` has: the words behind the command's name in, an exit status
// (base/exit_codes.h) out. A command prints its result on stdout and what is wrong on stderr, prints its own
// help for --help, and answers wrong usage with a sentence on stderr and kExitUsage (read_options does both).
// cli_main.cpp holds the table of commands and stops exceptions.

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/config.h"
#include "base/exit_codes.h"
#include "base/options.h"

namespace tasklane {

struct Command {
  std::string_view name;
  std::string_view summary;  // one line for `tasklane --help`
  int (*run)(Arguments arguments);
};

// What one command's --help says.
struct CommandLine {
  std::string_view usage;  // "tasklane migrate [--sql DIR] [--env-file FILE]"
  std::string_view about;  // a sentence or two
  std::span<const Option> options;
};

// For a command's first line: the options, or the status to exit with at once, after --help was printed on
// stdout (kExitOk) or a mistake was told on stderr (kExitUsage).
std::expected<Options, int> read_options(const CommandLine& line, Arguments arguments);

// The same for a command that takes one word besides its options, such as `tasklane backup FILE`.
struct WordAndOptions {
  std::string word;
  Options options;
};
std::expected<WordAndOptions, int> read_word_and_options(const CommandLine& line, Arguments arguments);

// The configuration, from the environment and the files that find_config_files names. With mistakes each of
// them is told on stderr as "tasklane: NAME says what", and the status to exit with comes back.
std::expected<Config, int> read_command_config(const Options& options, bool database_required = true);

// Where the workers' socket is, for commands that ask there and need nothing else. When the installed file
// cannot be read, which is told on stderr, the default.
std::expected<std::string, int> read_command_socket(const Options& options);

// Says on stderr what is wrong, and returns the status to exit with.
int refuse(std::string_view sentence, int status = kExitFailure);

// Says on stderr which of those files this user cannot read, if there are any.
void tell_closed_files(const Options& options);

// The installed folder of data files, such as "sql" or "nginx": <executable's
// folder>/../share/tasklane/<name>.
std::string share_folder(std::string_view name);

}  // namespace tasklane
