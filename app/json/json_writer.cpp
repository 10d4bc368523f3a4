#include "json/json_writer.h"

#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

namespace tasklane {

namespace {

// RapidJSON's output stream, straight into the string that take() hands out.
class TextStream {
 public:
  using Ch = char;

  explicit TextStream(std::size_t expected_bytes)
      : expected_bytes_(std::max<std::size_t>(expected_bytes, 16)) {}

  void Put(char c) {
    if (size_ == text_.size()) grow(1);
    text_[size_++] = c;
  }
  void Flush() {}

  // Room for so many bytes, to be written before anything else is.
  char* extend(std::size_t bytes) {
    if (text_.size() - size_ < bytes) grow(bytes);
    return text_.data() + std::exchange(size_, size_ + bytes);
  }
  void shrink(std::size_t bytes) { size_ -= bytes; }

  void append(std::string_view bytes) { bytes.copy(extend(bytes.size()), bytes.size()); }

  std::string take() {
    text_.resize(std::exchange(size_, 0));
    return std::exchange(text_, {});
  }

 private:
  void grow(std::size_t bytes) {
    const std::size_t wanted = std::max({size_ + bytes, 2 * size_, expected_bytes_});
    text_.resize_and_overwrite(wanted, [](char*, std::size_t size) { return size; });
  }

  std::string text_;  // of which the first size_ bytes are written
  std::size_t size_ = 0;
  std::size_t expected_bytes_;
};

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

constexpr bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// High bit of every byte that is zero; bits above the lowest one set may be wrong.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - kOnes) & ~word & kHighBits;
}

// High bit of every byte that needs an escape; bits above the lowest one set may be wrong.
std::uint64_t escapes(const char* eight_bytes) {
  std::uint64_t word;
  std::memcpy(&word, eight_bytes, sizeof word);
  const std::uint64_t controls = (word - kOnes * 0x20) & ~word & kHighBits;
  return controls | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\'));
}

// How many bytes at the front need no escape, looked at eight at a time; the last eight may overlap those
// before. RapidJSON has an SSE2 scan of its own, but in 1.1 it lets U+001A to U+001F through.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + 8 <= text.size(); at += 8) {
      const std::uint64_t found = escapes(text.data() + at);
      if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
    if (at > 0 && escapes(text.data() + text.size() - 8) == 0) return text.size();
  }
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

void append_escape(TextStream& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      return out.append("\\\"");
    case '\\':
      return out.append("\\\\");
    case '\b':
      return out.append("\\b");
    case '\f':
      return out.append("\\f");
    case '\n':
      return out.append("\\n");
    case '\r':
      return out.append("\\r");
    case '\t':
      return out.append("\\t");
    default: {
      const auto byte = static_cast<unsigned char>(c);
      const std::array<char, 6> escape = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
      return out.append({escape.data(), escape.size()});
    }
  }
}

// RapidJSON keeps the structure; strings and integers are written here, with one look at the room each.
class StructureWriter : public rapidjson::Writer<TextStream> {
 public:
  using Writer::Writer;

  void plain(std::string_view text) {
    Prefix(rapidjson::kStringType);
    char* at = os_->extend(text.size() + 2);
    *at = '"';
    text.copy(at + 1, text.size());
    at[text.size() + 1] = '"';
  }

  void text(std::string_view string) {
    std::size_t prefix = plain_prefix(string);
    if (prefix == string.size()) return plain(string);
    Prefix(rapidjson::kStringType);
    os_->Put('"');
    for (; prefix < string.size(); prefix = plain_prefix(string)) {
      os_->append(string.substr(0, prefix));
      append_escape(*os_, string[prefix]);
      string.remove_prefix(prefix + 1);
    }
    os_->append(string);
    os_->Put('"');
  }

  void integer(std::int64_t number) {
    constexpr std::size_t kDigitsMax = 20;  // and a sign
    Prefix(rapidjson::kNumberType);
    char* const at = os_->extend(kDigitsMax);
    const char* const end = std::to_chars(at, at + kDigitsMax, number).ptr;
    os_->shrink(kDigitsMax - static_cast<std::size_t>(end - at));
  }
};

}  // namespace

struct JsonWriter::State {
  explicit State(std::size_t expected_bytes) : stream(expected_bytes), writer(stream) {}
  TextStream stream;
  StructureWriter writer;
};

JsonWriter::JsonWriter(std::size_t expected_bytes) : state_(std::make_unique<State>(expected_bytes)) {}
JsonWriter::~JsonWriter() = default;

void JsonWriter::begin_object() {
  state_->writer.StartObject();
}
void JsonWriter::end_object() {
  state_->writer.EndObject();
}
void JsonWriter::begin_array() {
  state_->writer.StartArray();
}
void JsonWriter::end_array() {
  state_->writer.EndArray();
}
void JsonWriter::key(std::string_view name) {
  state_->writer.plain(name);
}
void JsonWriter::string(std::string_view text) {
  state_->writer.text(text);
}
void JsonWriter::plain(std::string_view text) {
  state_->writer.plain(text);
}
void JsonWriter::integer(std::int64_t number) {
  state_->writer.integer(number);
}
void JsonWriter::boolean(bool value) {
  state_->writer.Bool(value);
}
void JsonWriter::null() {
  state_->writer.Null();
}

std::string JsonWriter::take() {
  state_->writer.Reset(state_->stream);
  return state_->stream.take();
}

}  // namespace tasklane
