#include "base/config_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace tasklane {

namespace {

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

template <class Number>
bool parse_whole(std::string_view text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string ConfigReader::text(std::string_view name, std::string_view otherwise) {
  std::string value = lookup_(name);
  return value.empty() ? std::string(otherwise) : value;
}

std::string ConfigReader::required(std::string_view name, std::string_view hint) {
  std::string value = lookup_(name);
  if (value.empty()) mistake(name, fmt::format("is not set; {}", hint));
  return value;
}

std::int64_t ConfigReader::integer(std::string_view name, std::int64_t otherwise, std::int64_t min,
                                   std::int64_t max) {
  const std::string value = lookup_(name);
  if (value.empty()) return otherwise;
  std::int64_t number = 0;
  if (!parse_whole(trim(value), number, 10) || number < min || number > max) {
    mistake(name, fmt::format("must be a whole number from {} to {}", min, max));
    return otherwise;
  }
  return number;
}

unsigned ConfigReader::octal(std::string_view name, unsigned otherwise, unsigned max) {
  const std::string value = lookup_(name);
  if (value.empty()) return otherwise;
  unsigned number = 0;
  if (!parse_whole(trim(value), number, 8) || number > max) {
    mistake(name, fmt::format("must be an octal file mode up to {:04o}, such as 0660", max));
    return otherwise;
  }
  return number;
}

std::vector<std::string> ConfigReader::list(std::string_view name) {
  const std::string value = lookup_(name);
  std::vector<std::string> entries;
  for (std::string_view rest = value; !rest.empty();) {
    const auto comma = rest.find(',');
    const auto entry = trim(rest.substr(0, comma));
    if (!entry.empty() && std::ranges::find(entries, entry) == entries.end()) entries.emplace_back(entry);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return entries;
}

std::size_t ConfigReader::choice(std::string_view name, std::size_t otherwise,
                                 std::span<const std::string_view> words) {
  const std::string value = lookup_(name);
  if (value.empty()) return otherwise;
  const auto found = std::ranges::find(words, trim(value));
  if (found == words.end()) {
    mistake(name, fmt::format("must be one of: {}", fmt::join(words, ", ")));
    return otherwise;
  }
  return static_cast<std::size_t>(found - words.begin());
}

void ConfigReader::mistake(std::string_view name, std::string_view what) {
  mistakes_.push_back(fmt::format("{} {}", name, what));
}

}  // namespace tasklane
