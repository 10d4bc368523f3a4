#include "base/env_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/private_file.h"
#include "base/text.h"
#include "base/utf8.h"

namespace tasklane {

namespace {

constexpr std::size_t kEnvFileMaxBytes = 64 * 1024;
constexpr std::string_view kLineBlanks = " \t\r";

bool is_name(std::string_view name) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  return !name.empty() && letters.contains(name[0]) &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
             std::string_view::npos;
}

// The tab is white space, and a carriage return ends a line of another system's.
bool has_control_character(std::string_view line) {
  return std::ranges::any_of(line, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

// What stands behind a value: nothing, or white space and a comment.
bool is_tail(std::string_view rest) {
  rest = trim(rest, kLineBlanks);
  return rest.empty() || rest.front() == '#';
}

std::optional<std::string> parse_quoted(std::string_view text) {
  const char quote = text.front();
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) return is_tail(text.substr(i + 1)) ? std::optional(value) : std::nullopt;
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      if (text[i] == 'n') {
        value += '\n';
        continue;
      }
      if (text[i] != '"' && text[i] != '\\' && text[i] != '$') value += '\\';
    }
    value += text[i];
  }
  return std::nullopt;  // never closed
}

std::optional<std::string> parse_value(std::string_view text) {
  if (text.empty()) return std::string();
  if (text.front() == '"' || text.front() == '\'') return parse_quoted(text);
  // A bare value ends at " #"; a "#" inside a word (a URL's fragment, a password) belongs to it.
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '#' && kLineBlanks.contains(text[i - 1]))
      return std::string(trim(text.substr(0, i), kLineBlanks));
  }
  return text.front() == '#' ? std::string() : std::string(text);
}

}  // namespace

std::expected<std::vector<EnvLine>, std::vector<std::string>> parse_env_lines(std::string_view text) {
  std::vector<EnvLine> lines;
  std::vector<std::string> mistakes;
  text = behind_byte_order_mark(text);
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = trim(take_until(text, '\n'), kLineBlanks);
    if (line.empty() || line.front() == '#') continue;
    if (has_control_character(line)) {
      mistakes.push_back(fmt::format("line {}: has a control character", number));
      continue;
    }
    if (!count_code_points(line)) {  // Node.js would put U+FFFD into it
      mistakes.push_back(fmt::format("line {}: is not UTF-8", number));
      continue;
    }
    if (line.starts_with("export ")) line = trim(line.substr(7), kLineBlanks);
    const auto equals = line.find('=');
    const std::string_view name = trim(line.substr(0, equals), kLineBlanks);
    if (equals == std::string_view::npos || !is_name(name)) {
      mistakes.push_back(fmt::format("line {}: expected NAME=value", number));
      continue;
    }
    const std::string_view written = trim(line.substr(equals + 1), kLineBlanks);
    auto value = parse_value(written);
    if (!value) {
      mistakes.push_back(fmt::format("line {}: {} has a quote that does not end the value", number, name));
      continue;
    }
    lines.push_back({number, std::string(name), std::move(*value), std::string(written)});
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  return lines;
}

std::expected<EnvValues, std::vector<std::string>> parse_env(std::string_view text) {
  auto lines = parse_env_lines(text);
  if (!lines) return std::unexpected(std::move(lines.error()));
  EnvValues values;
  for (EnvLine& line : *lines) values.emplace_back(std::move(line.name), std::move(line.value));
  return values;
}

std::expected<std::string, std::vector<std::string>> read_env_text(const std::string& path, bool required) {
  auto text = read_private_file(path, kEnvFileMaxBytes);
  if (text) return std::move(*text);
  if (text.error().missing && !required) return "";
  return std::unexpected(std::vector{fmt::format("{}: {}", path, text.error().sentence)});
}

std::expected<EnvValues, std::vector<std::string>> read_env_file(const std::string& path, bool required) {
  const auto text = read_env_text(path, required);
  if (!text) return std::unexpected(text.error());
  auto values = parse_env(*text);
  if (values) return values;
  for (auto& mistake : values.error()) mistake = fmt::format("{}: {}", path, mistake);
  return values;
}

}  // namespace tasklane
