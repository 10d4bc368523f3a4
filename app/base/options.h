#pragma once
// The option parser of all three programs: long options as `--name value` or `--name=value`, and flags, some
// with a short form. --help is always known; nothing is positional. A mistake's text names the option and
// never repeats a value: it may be a secret in the wrong place.

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/config.h"

namespace tasklane {

using Arguments = std::span<const std::string_view>;

struct Option {
  std::string_view name;        // without the dashes
  std::string_view value = {};  // what the value is called in the help, such as DIR; empty: a flag
  std::string_view help = {};   // one line
  char letter = '\0';           // of its short form, such as -t; flags only
};

inline constexpr Option kEnvFileOption{"env-file", "FILE",
                                       "the configuration file (default: the installed one, else .env)"};

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

// For a program without commands: the options, or the status to exit with at once, after --help or --version
// was answered on stdout (kExitOk) or a mistake was told on stderr, with the usage (kExitUsage).
std::expected<Options, int> read_program_options(std::string_view program, std::string_view usage,
                                                 std::span<const Option> known, Arguments arguments);

// The file that --env-file names, which then must be there; else `.env`.
ConfigSource config_source(const Options& options);

}  // namespace tasklane
