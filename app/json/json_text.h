#pragma once
// JSON as it is written, piece by piece, into one growing buffer. What stands between the pieces is the
// caller's business: JsonWriter adds it, and a list of tasks knows it beforehand. Strings must be valid
// UTF-8.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tasklane {

class JsonText {
 public:
  explicit JsonText(std::size_t expected_bytes) : expected_bytes_(expected_bytes) {}
  JsonText(const JsonText&) = delete;
  JsonText& operator=(const JsonText&) = delete;

  // As it is.
  void raw(std::string_view json) { json.copy(extend(json.size()), json.size()); }
  // In quotes, escaped.
  void string(std::string_view text);
  void integer(std::int64_t number);

  // The text so far, without a copy; empty afterwards.
  std::string take();

 private:
  // Room for so many bytes, to be written before anything else is.
  char* extend(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
    return std::exchange(at_, at_ + bytes);
  }
  void grow(std::size_t bytes);
  void escape(char c);

  std::string text_;
  std::size_t expected_bytes_;
  char* at_ = text_.data();  // in text_: what is before is written, what follows is room
  char* end_ = at_;
};

}  // namespace tasklane
