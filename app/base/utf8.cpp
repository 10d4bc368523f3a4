#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace tasklane {

namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

bool is_tail(unsigned char byte, unsigned char min = 0x80, unsigned char max = 0xBF) {
  return byte >= min && byte <= max;
}

// RFC 3629 section 4.
std::size_t sequence_length(const unsigned char* at, std::size_t available) {
  const unsigned char first = at[0];
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  if (first < 0xE0) return available >= 2 && is_tail(at[1]) ? 2 : 0;
  if (first < 0xF0) {
    const unsigned char min = first == 0xE0 ? 0xA0 : 0x80;  // below: overlong
    const unsigned char max = first == 0xED ? 0x9F : 0xBF;  // above: surrogates
    return available >= 3 && is_tail(at[1], min, max) && is_tail(at[2]) ? 3 : 0;
  }
  const unsigned char min = first == 0xF0 ? 0x90 : 0x80;  // below: overlong
  const unsigned char max = first == 0xF4 ? 0x8F : 0xBF;  // above: past U+10FFFF
  return available >= 4 && is_tail(at[1], min, max) && is_tail(at[2]) && is_tail(at[3]) ? 4 : 0;
}

// Eight bytes that are all ASCII and not NUL.
bool is_plain_word(const unsigned char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return ((word | (word - kOnes)) & kHighBits) == 0;
}

// Unicode 15, PropList.txt, White_Space.
constexpr std::array<char32_t, 25> kWhiteSpace = {
    0x09,   0x0a,   0x0b,   0x0c,   0x0d,   0x20,   0x85,   0xa0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
    0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};

// The code point that begins at `text[at]`, of valid UTF-8; white space has at most three bytes.
char32_t code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]));
  };
  if (byte(0) < 0x80) return byte(0);
  if (byte(0) < 0xe0) return ((byte(0) & 0x1f) << 6) | (byte(1) & 0x3f);
  if (byte(0) < 0xf0) return ((byte(0) & 0x0f) << 12) | ((byte(1) & 0x3f) << 6) | (byte(2) & 0x3f);
  return 0x10000;  // astral: none of them is white space
}

bool is_white_space(char32_t code_point) {
  return std::ranges::binary_search(kWhiteSpace, code_point);
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text) {
  return sequence_length(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

std::optional<std::size_t> count_code_points(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  std::size_t count = 0;
  while (at != end) {
    const auto available = static_cast<std::size_t>(end - at);
    if (available >= 8 && is_plain_word(at)) {
      at += 8;
      count += 8;
      continue;
    }
    if (*at == 0) return std::nullopt;
    const std::size_t length = sequence_length(at, available);
    if (length == 0) return std::nullopt;
    at += length;
    ++count;
  }
  return count;
}

std::string_view trim_white_space(std::string_view text) {
  while (!text.empty() && is_white_space(code_point_at(text, 0))) {
    text.remove_prefix(1);
    while (!text.empty() && is_continuation(text.front())) text.remove_prefix(1);
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && is_continuation(text[last])) --last;
    if (!is_white_space(code_point_at(text, last))) break;
    text = text.substr(0, last);
  }
  return text;
}

}  // namespace tasklane
