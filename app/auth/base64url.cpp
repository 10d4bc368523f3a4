#include "auth/base64url.h"

#include <array>
#include <cstdint>

namespace tasklane {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t kInvalid = 0x80000000;  // a bit that no value has

constexpr std::array<std::uint32_t, 256> kValues = [] {
  std::array<std::uint32_t, 256> values{};
  values.fill(kInvalid);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint32_t>(i);
  }
  return values;
}();

std::uint32_t value(char c) {
  return kValues[static_cast<unsigned char>(c)];
}
std::uint32_t byte(char c) {
  return static_cast<unsigned char>(c);
}

}  // namespace

std::string encode_base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  const auto put = [&](std::uint32_t group, int characters) {
    for (int shift = 18; characters > 0; shift -= 6, --characters) text += kAlphabet[(group >> shift) & 63];
  };
  while (bytes.size() >= 3) {
    put(byte(bytes[0]) << 16 | byte(bytes[1]) << 8 | byte(bytes[2]), 4);
    bytes.remove_prefix(3);
  }
  if (bytes.size() == 2) put(byte(bytes[0]) << 16 | byte(bytes[1]) << 8, 3);
  if (bytes.size() == 1) put(byte(bytes[0]) << 16, 2);
  return text;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  const std::size_t tail = text.size() % 4;
  if (tail == 1) return std::nullopt;
  std::string bytes(text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1), '\0');
  char* to = bytes.data();
  std::uint32_t faults = 0;  // looked at once, at the end
  for (; text.size() >= 4; text.remove_prefix(4)) {
    const std::uint32_t a = value(text[0]), b = value(text[1]), c = value(text[2]), d = value(text[3]);
    faults |= a | b | c | d;
    const std::uint32_t group = a << 18 | b << 12 | c << 6 | d;
    *to++ = static_cast<char>(group >> 16);
    *to++ = static_cast<char>(group >> 8);
    *to++ = static_cast<char>(group);
  }
  if (tail != 0) {
    const std::uint32_t a = value(text[0]), b = value(text[1]), c = tail == 3 ? value(text[2]) : 0;
    const std::uint32_t group = a << 18 | b << 12 | c << 6;
    const std::uint32_t unused = tail == 3 ? group & 0xFF : group & 0xFFFF;
    if (unused != 0) return std::nullopt;
    faults |= a | b | c;
    *to++ = static_cast<char>(group >> 16);
    if (tail == 3) *to++ = static_cast<char>(group >> 8);
  }
  if ((faults & kInvalid) != 0) return std::nullopt;
  return bytes;
}

}  // namespace tasklane
