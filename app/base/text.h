#pragma once
// Reading short texts: numbers, blanks, lists, letters without regard to case. Letters are ASCII's, whatever
// the locale. Nothing here allocates but what returns a string or a vector, and a view lives as long as its
// text.

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace tasklane {

inline constexpr std::string_view kBlanks = " \t";
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // of UTF-8, as Windows' editors write it

// All of the text as a number: digits, before them a minus where Number has a sign, and nothing else. nullopt
// also when it does not fit into Number.
template <std::integral Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const char* const whole = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), whole, number, base);
  if (error != std::errc{} || end != whole) return std::nullopt;
  return number;
}

// The same for a number with a fraction, such as 0.25.
template <std::floating_point Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const whole = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), whole, number);
  if (error != std::errc{} || end != whole) return std::nullopt;
  return number;
}

// The number that the text begins with, which is taken off it. nullopt: it begins with none that fits, and
// stays.
template <std::integral Number>
std::optional<Number> take_number(std::string_view& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// What is before the first separator. The text goes on behind it, and is empty when there was none.
constexpr std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

// The parts between separators, empty ones too: always one more than there are separators.
std::vector<std::string> split(std::string_view text, char separator);

// The text without these characters at its front.
constexpr std::string_view trim_front(std::string_view text, std::string_view characters = kBlanks) {
  const auto begin = text.find_first_not_of(characters);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

// The same for one character, which takes fewer instructions.
constexpr std::string_view trim_front(std::string_view text, char character) {
  const auto begin = text.find_first_not_of(character);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

// The text without these characters at both ends.
constexpr std::string_view trim(std::string_view text, std::string_view characters = kBlanks) {
  text = trim_front(text, characters);
  return text.substr(0, text.find_last_not_of(characters) + 1);
}

// The text without a byte order mark at its front.
constexpr std::string_view behind_byte_order_mark(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
std::string to_lower(std::string_view text);

// For a terminal, which would obey control characters: each is a '?'. Other UTF-8 stays.
std::string printable(std::string_view text);

// Whether the text is `lower`, which is in lower case, but for the case of its letters.
constexpr bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != lower[i] && to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

}  // namespace tasklane
