#include "json/json_writer.h"

#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <bit>
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

  void append(std::string_view bytes) {
    if (text_.size() - size_ < bytes.size()) grow(bytes.size());
    std::memcpy(text_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

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

// How many bytes at the front need no escape, looked at eight at a time. RapidJSON has an SSE2 scan of its
// own, but in 1.1 it lets U+001A to U+001F through.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + 8 <= text.size(); at += 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + at, sizeof word);
      const std::uint64_t controls = (word - kOnes * 0x20) & ~word & kHighBits;
      const std::uint64_t found =
          controls | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\'));
      if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
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

// RapidJSON keeps the structure and writes numbers; strings are written here.
class StructureWriter : public rapidjson::Writer<TextStream> {
 public:
  using Writer::Writer;

  void text(std::string_view string) {
    Prefix(rapidjson::kStringType);
    os_->Put('"');
    while (true) {
      const std::size_t plain = plain_prefix(string);
      os_->append(string.substr(0, plain));
      if (plain == string.size()) break;
      append_escape(*os_, string[plain]);
      string.remove_prefix(plain + 1);
    }
    os_->Put('"');
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
  state_->writer.text(name);
}
void JsonWriter::string(std::string_view text) {
  state_->writer.text(text);
}
void JsonWriter::integer(std::int64_t number) {
  state_->writer.Int64(number);
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
