#include <cstdint>
#include <cstring>

#include "json/json_reader.h"

namespace tasklane {

namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

bool is_tail(unsigned char byte, unsigned char min = 0x80, unsigned char max = 0xBF) {
  return byte >= min && byte <= max;
}

// Bytes of the well-formed sequence at the front (RFC 3629 section 4), 0 when there is none or it is U+0000.
std::size_t sequence_length(const unsigned char* at, std::size_t available) {
  const unsigned char first = at[0];
  if (first < 0x80) return first == 0 ? 0 : 1;
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

}  // namespace

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
    const std::size_t length = sequence_length(at, available);
    if (length == 0) return std::nullopt;
    at += length;
    ++count;
  }
  return count;
}

}  // namespace tasklane
