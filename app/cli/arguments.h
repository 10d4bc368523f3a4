#pragma once
// A small option parser: long options as `--name value` or `--name=value`, and flags, some with a short form.
// Every command also takes `--help`, and `--env-file FILE` when it reads the configuration. Nothing is
// positional. A mistake's text names the option and never repeats a value: it may be a secret in the wrong
// place.

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace tasklane {

struct Option {
  std::string_view name;   // without the dashes
  std::string_view value;  // what the value is called in the help, such as DIR; empty: a flag
  std::string_view help;   // one line
  char letter = '\0';      // of its short form, such as -t; flags only
};

inline constexpr Option kEnvFileOption{"env-file", "FILE", "read this configuration file (default .env)"};

// What one command's --help says.
struct CommandLine {
  std::string_view usage;  // "tasklane migrate [--sql DIR] [--env-file FILE]"
  std::string_view about;  // a sentence or two
  std::span<const Option> options;
};

class Options {
 public:
  bool has(std::string_view name) const { return values_.contains(name); }
  // The value given, the last one when repeated.
  std::string value(std::string_view name, std::string_view otherwise = {}) const;
  void set(std::string_view name, std::string_view value);

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// The options, or one sentence about the first mistake.
std::expected<Options, std::string> parse_options(std::span<const Option> known, Arguments arguments);

// For a command's first line: the options, or the status to exit with at once, after --help was printed on
// stdout (kExitOk) or a mistake was told on stderr (kExitUsage).
std::expected<Options, int> read_options(const CommandLine& line, Arguments arguments);

}  // namespace tasklane
