#include "json/json_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace tasklane {

namespace {

constexpr bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// The compiler's own vectors: one instruction of the processor for all bytes.
using Eight [[gnu::vector_size(8)]] = unsigned char;
using Sixteen [[gnu::vector_size(16)]] = unsigned char;

// Copies a block of bytes. Whether none of them needs an escape.
template <class Block>
bool copy_block(const char* from, char* to) {
  Block block;
  std::memcpy(&block, from, sizeof block);
  std::memcpy(to, &block, sizeof block);
  const auto escapes = (block < 0x20) | (block == '"') | (block == '\\');
  const auto words = std::bit_cast<std::array<std::uint64_t, sizeof block / 8>>(escapes);
  return (words.front() | words.back()) == 0;
}

// Copies the front of `text` that needs no escape, and tells how long it is. Writes up to text.size() bytes.
// The last block may overlap the one before.
std::size_t copy_plain(std::string_view text, char* to) {
  const char* const from = text.data();
  const std::size_t size = text.size();
  std::size_t at = 0;
  if (size >= 16) {
    while (at + 16 <= size && copy_block<Sixteen>(from + at, to + at)) at += 16;
    if (at + 16 > size && copy_block<Sixteen>(from + size - 16, to + size - 16)) return size;
  } else if (size >= 8) {
    if (copy_block<Eight>(from, to) && copy_block<Eight>(from + size - 8, to + size - 8)) return size;
  }
  for (; at < size && !needs_escape(from[at]); ++at) to[at] = from[at];
  return at;
}

}  // namespace

void JsonText::string(std::string_view text) {
  *extend(1) = '"';
  while (true) {
    char* const to = extend(text.size() + 1);  // for all that is left, were it plain
    const std::size_t plain = copy_plain(text, to);
    at_ = to + plain;
    if (plain == text.size()) break;
    escape(text[plain]);
    text.remove_prefix(plain + 1);
  }
  *at_++ = '"';
}

void JsonText::escape(char c) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  constexpr std::string_view kHex = "0123456789abcdef";
  if (const std::size_t at = kShort.find(c); at != kShort.npos) {
    raw("\\");
    return raw(kLetters.substr(at, 1));
  }
  const auto byte = static_cast<unsigned char>(c);
  raw("\\u00");
  raw(kHex.substr(byte >> 4, 1));
  raw(kHex.substr(byte & 15, 1));
}

void JsonText::integer(std::int64_t number) {
  constexpr std::size_t kIntegerBytes = 20;  // 19 digits and a sign
  char* const to = extend(kIntegerBytes);
  at_ = std::to_chars(to, to + kIntegerBytes, number).ptr;
}

std::string JsonText::take() {
  text_.resize(static_cast<std::size_t>(at_ - text_.data()));
  std::string taken = std::exchange(text_, {});
  at_ = end_ = text_.data();
  return taken;
}

void JsonText::grow(std::size_t bytes) {
  const auto written = static_cast<std::size_t>(at_ - text_.data());
  const std::size_t wanted = std::max({written + bytes, 2 * written, expected_bytes_});
  text_.resize_and_overwrite(wanted, [](char*, std::size_t size) { return size; });
  at_ = text_.data() + written;
  end_ = text_.data() + wanted;
}

}  // namespace tasklane
