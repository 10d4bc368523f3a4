#include "base/setting_forms.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/secret_versions.h"
#include "base/text.h"

namespace tasklane {

namespace {

using Mistakes = std::vector<std::string>;

std::vector<std::string> entries_of(std::string_view text) {
  std::vector<std::string> entries;
  while (!text.empty()) {
    const auto entry = trim(take_until(text, ','));
    if (!entry.empty() && std::ranges::find(entries, entry) == entries.end()) entries.emplace_back(entry);
  }
  return entries;
}

}  // namespace

Form whole_number(std::int64_t min, std::int64_t max, std::function<void(Config&, std::int64_t)> set,
                  std::function<std::int64_t(const Config&)> get) {
  const auto read = [=](std::string_view text, Config& config) -> Mistakes {
    if (text.empty()) return {};
    const auto number = parse_number<std::int64_t>(trim(text));
    if (!number || *number < min || *number > max)
      return {fmt::format("must be a whole number from {} to {}", min, max)};
    set(config, *number);
    return {};
  };
  const auto show = [=](const Config& config) { return fmt::format("{}", get(config)); };
  return {.values = fmt::format("{} to {}", min, max), .read = read, .show = show};
}

Form file_mode(unsigned Config::*member, unsigned max) {
  const auto read = [=](std::string_view text, Config& config) -> Mistakes {
    if (text.empty()) return {};
    const auto mode = parse_number<unsigned>(trim(text), 8);
    if (!mode || *mode > max)
      return {fmt::format("must be an octal file mode up to {:04o}, such as 0660", max)};
    config.*member = *mode;
    return {};
  };
  const auto show = [=](const Config& config) { return fmt::format("{:04o}", config.*member); };
  return {.values = fmt::format("octal, up to {:04o}", max), .read = read, .show = show};
}

Form one_of(std::vector<std::string_view> words, std::function<void(Config&, std::size_t)> set,
            std::function<std::string(const Config&)> show) {
  const auto read = [=](std::string_view text, Config& config) -> Mistakes {
    if (text.empty()) return {};
    const auto found = std::ranges::find(words, trim(text));
    if (found == words.end()) return {fmt::format("must be one of: {}", fmt::join(words, ", "))};
    set(config, static_cast<std::size_t>(found - words.begin()));
    return {};
  };
  return {.values = fmt::format("`{}`", fmt::join(words, "`, `")), .read = read, .show = std::move(show)};
}

Form text(std::string Config::*member, std::initializer_list<TextRule> rules) {
  const auto read = [member, rules = std::vector(rules)](std::string_view given, Config& config) -> Mistakes {
    Mistakes mistakes;
    if (given.empty()) return mistakes;
    config.*member = given;
    for (const auto& rule : rules) {
      if (auto mistake = rule.mistake(config.*member); !mistake.empty())
        mistakes.push_back(std::move(mistake));
    }
    return mistakes;
  };
  std::vector<std::string_view> values;
  for (const auto& rule : rules) values.push_back(rule.values);
  return {.values = fmt::format("{}", fmt::join(values, ", ")),
          .read = read,
          .show = [member](const Config& config) { return config.*member; }};
}

Form list(std::vector<std::string> Config::*member, std::string_view values,
          bool (*fits)(const std::string& entry), std::string_view mistake) {
  const auto read = [=](std::string_view text, Config& config) -> Mistakes {
    Mistakes mistakes;
    if (text.empty()) return mistakes;
    config.*member = entries_of(text);
    for (std::size_t number = 1; const auto& entry : config.*member) {
      if (!fits(entry)) mistakes.push_back(fmt::format(fmt::runtime(mistake), number));
      ++number;
    }
    return mistakes;
  };
  const auto show = [=](const Config& config) { return fmt::format("{}", fmt::join(config.*member, ",")); };
  return {.values = std::string(values), .read = read, .show = show};
}

Form secret_versions(std::string Config::*member) {
  const auto read = [=](std::string_view text, Config& config) -> Mistakes {
    if (text.empty()) return {};
    config.*member = text;
    return read_secret_versions(text).mistakes;
  };
  return {.values = "`VERSION:SECRET`, comma separated, the current one first",
          .read = read,
          .show = [=](const Config& config) { return config.*member; }};
}

Form key_source() {
  const auto read = [](std::string_view text, Config& config) -> std::vector<std::string> {
    config.jwks_database = text == "database";
    if (text.empty() || config.jwks_database) return {};
    config.jwks_file = text;
    if (!text.starts_with('/')) return {"must be \"database\" or an absolute path"};
    return {};
  };
  const auto show = [](const Config& config) {
    if (config.jwks_file) return *config.jwks_file;
    return std::string(config.jwks_database ? "database" : "off");
  };
  return {.values = "`database` or an absolute path", .read = read, .show = show};
}

}  // namespace tasklane
