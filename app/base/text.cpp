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

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
    const bool second_set = byte == 0xC2 && next >= 0x80 && next <= 0x9F;  // U+0080 to U+009F
    shown += byte < 0x20 || byte == 0x7F || second_set ? '?' : text[at];
    if (second_set) ++at;
  }
  return shown;
}

}  // namespace tasklane
