#pragma once
// Writes JSON and its structure: commas and colons are its own business. object() key() value() …
// end_object().

#include <cstdint>
#include <string>
#include <string_view>

#include "json/json_text.h"

namespace tasklane {

class JsonWriter {
 public:
  explicit JsonWriter(std::size_t expected_bytes = 512) : text_(expected_bytes) {}

  void begin_object() { begin("{"); }
  void end_object() { end("}"); }
  void begin_array() { begin("["); }
  void end_array() { end("]"); }
  void key(std::string_view name);  // the program's own: written as it is
  void string(std::string_view text) { next(), text_.string(text); }
  void integer(std::int64_t number) { next(), text_.integer(number); }
  void boolean(bool value) { next(), text_.raw(value ? "true" : "false"); }
  void null() { next(), text_.raw("null"); }

  void member(std::string_view name, std::string_view text) { key(name), string(text); }
  void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }
  void member(std::string_view name, std::int64_t number) { key(name), integer(number); }
  void member(std::string_view name, int number) { member(name, static_cast<std::int64_t>(number)); }
  void member(std::string_view name, bool value) { key(name), boolean(value); }

  // The text so far; the writer is empty afterwards.
  std::string take();

 private:
  void begin(std::string_view bracket);
  void end(std::string_view bracket);
  void next();  // key or value: after another one a comma

  JsonText text_;
  bool follows_ = false;  // another one, in the same object or array
};

}  // namespace tasklane
