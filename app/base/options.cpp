#include "base/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/exit_codes.h"
#include "base/version.h"

namespace tasklane {

namespace {

// The flag whose short form `word` is, such as -t; nullptr when it is none.
const Option* find_letter(std::span<const Option> known, std::string_view word) {
  if (word.size() != 2 || word[0] != '-') return nullptr;
  const auto flag = std::ranges::find(known, word[1], &Option::letter);
  return flag == known.end() ? nullptr : &*flag;
}

}  // namespace

std::string Options::value(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(otherwise) : found->second;
}

void Options::set(std::string_view name, std::string_view value) {
  values_.insert_or_assign(std::string(name), std::string(value));
}

std::expected<Options, std::string> parse_options(std::span<const Option> known, Arguments arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (const Option* flag = find_letter(known, word)) {
      options.set(flag->name, "");
      continue;
    }
    if (!word.starts_with("--") || word == "--")
      return std::unexpected(fmt::format("argument {} is no option: options begin with --", i + 1));
    const auto equals = word.find('=');
    const std::string_view name = word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    if (name == "help" && equals == std::string_view::npos) {
      options.set(name, "");
      continue;
    }
    const auto option = std::ranges::find(known, name, &Option::name);
    if (option == known.end()) return std::unexpected(fmt::format("there is no option --{}", name));
    if (option->value.empty()) {
      if (equals != std::string_view::npos) return std::unexpected(fmt::format("--{} takes no value", name));
      options.set(name, "");
      continue;
    }
    if (equals == std::string_view::npos && i + 1 == arguments.size())
      return std::unexpected(fmt::format("--{} needs a value: {}", name, option->value));
    const std::string_view value =
        equals == std::string_view::npos ? arguments[++i] : word.substr(equals + 1);
    if (value.empty()) return std::unexpected(fmt::format("--{} has an empty value", name));
    options.set(name, value);
  }
  return options;
}

std::expected<Options, int> read_program_options(std::string_view program, std::string_view usage,
                                                 std::span<const Option> known, Arguments arguments) {
  std::vector<Option> all(known.begin(), known.end());
  all.push_back({"version"});
  auto options = parse_options(all, arguments);
  if (!options) {
    fmt::print(stderr, "{}: {}\n{}", program, options.error(), usage);
    return std::unexpected(kExitUsage);
  }
  if (options->has("help")) {
    fmt::print("{}", usage);
    return std::unexpected(kExitOk);
  }
  if (options->has("version")) {
    fmt::print("{} {}\n", program, kVersion);
    return std::unexpected(kExitOk);
  }
  return std::move(*options);
}

ConfigSource config_source(const Options& options) {
  ConfigSource source;
  source.env_file = options.value(kEnvFileOption.name, source.env_file);
  source.env_file_required = options.has(kEnvFileOption.name);
  return source;
}

}  // namespace tasklane
