#include "base/text.h"

#include <algorithm>

namespace tasklane {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (auto separators = std::ranges::count(text, separator); separators >= 0; --separators)
    parts.emplace_back(take_until(text, separator));
  return parts;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

}  // namespace tasklane
