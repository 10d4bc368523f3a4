#pragma once
// Writes JSON into one growing buffer. The other file that sees RapidJSON. Strings must be valid UTF-8.
// Commas and colons are its own business: object() key() value() … end_object().

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tasklane {

class JsonWriter {
 public:
  explicit JsonWriter(std::size_t expected_bytes = 512);
  ~JsonWriter();

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);  // the program's own: written as it is
  void string(std::string_view text);
  void plain(std::string_view text);  // without anything to escape, such as a timestamp: written as it is
  void integer(std::int64_t number);
  void boolean(bool value);
  void null();

  void member(std::string_view name, std::string_view text) { key(name), string(text); }
  void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }
  void member(std::string_view name, std::int64_t number) { key(name), integer(number); }
  void member(std::string_view name, int number) { member(name, static_cast<std::int64_t>(number)); }
  void member(std::string_view name, bool value) { key(name), boolean(value); }

  // The text so far; the writer is empty afterwards.
  std::string take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tasklane
