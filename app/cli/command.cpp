#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/exit_codes.h"
#include "cli/config_files.h"

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

void tell(const ConfigMistakes& mistakes) {
  for (const auto& mistake : mistakes) fmt::print(stderr, "tasklane: {}\n", mistake);
}

// Whether the word behind this one is its value.
bool takes_next(std::span<const Option> options, std::string_view argument) {
  return std::ranges::any_of(options, [&](const Option& option) {
    return !option.value.empty() && argument.starts_with("--") && argument.substr(2) == option.name;
  });
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

std::expected<WordAndOptions, int> read_word_and_options(const CommandLine& line, Arguments arguments) {
  std::vector<std::string_view> words, others;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_option = arguments[i].starts_with('-');
    (is_option ? others : words).push_back(arguments[i]);
    if (is_option && takes_next(line.options, arguments[i]) && i + 1 < arguments.size())
      others.push_back(arguments[++i]);
  }
  auto options = read_options(line, others);
  if (!options) return std::unexpected(options.error());
  if (words.size() == 1) return WordAndOptions{std::string(words[0]), std::move(*options)};
  fmt::print(stderr, "tasklane: {}\nUsage: {}\n",
             words.empty() ? "a word is missing" : "that is one word too many", line.usage);
  return std::unexpected(kExitUsage);
}

std::expected<Config, int> read_command_config(const Options& options, bool database_required) {
  ConfigSource source = find_config_files(options, installed_prefix()).source;
  source.database_required = database_required;
  auto config = read_config(source);
  if (config) return std::move(*config);
  tell(config.error());
  tell_closed_files(options);
  return std::unexpected(kExitConfiguration);
}

std::expected<std::string, int> read_command_socket(const Options& options) {
  const ConfigSource source = find_config_files(options, installed_prefix()).source;
  auto socket = read_socket_path(source);
  if (socket) return std::move(*socket);
  tell(socket.error());
  if (source.env_file_required) return std::unexpected(kExitConfiguration);
  fmt::print(stderr, "tasklane: asking at {}; --env-file names another file\n", default_socket_path());
  return default_socket_path();
}

int refuse(std::string_view sentence, int status) {
  fmt::print(stderr, "tasklane: {}\n", sentence);
  return status;
}

void tell_closed_files(const Options& options) {
  const auto files = find_config_files(options, installed_prefix());
  if (::access(files.source.env_file.c_str(), R_OK) != 0 && errno == EACCES)
    fmt::print(stderr, "tasklane: this user cannot read {}: run this as root, or name another --env-file\n",
               files.source.env_file);
  if (!files.closed_credentials.empty())
    fmt::print(stderr, "tasklane: this user cannot read the secrets in {}: run this as root\n",
               files.closed_credentials);
}

std::string share_folder(std::string_view name) {
  return (installed_prefix() / "share" / "tasklane" / name).string();
}

}  // namespace tasklane
