#pragma once
// Strict JSON (RFC 8259) into a small tree: task bodies, JWT parts, JWK sets. The only file that sees
// RapidJSON. Refused, each with a sentence that names it: invalid UTF-8, a byte order mark, lone surrogates,
// U+0000 (escaped or raw), duplicate keys at any level, trailing bytes, nesting past limits::kJsonDepthMax.
// Never recurses on the input; memory is bounded by the input's size.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tasklane {

class JsonValue {
 public:
  using Array = std::vector<JsonValue>;
  using Object = std::vector<std::pair<std::string, JsonValue>>;

  JsonValue() = default;  // null
  explicit JsonValue(auto value) : value_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  // nullptr when the value is of another type.
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Object* object() const { return std::get_if<Object>(&value_); }
  Array* array() { return std::get_if<Array>(&value_); }
  Object* object() { return std::get_if<Object>(&value_); }

  // The number as a double, for integers too; empty when it is no number, or one that a double has no room
  // for: valid JSON, and of no use to anybody here.
  std::optional<double> number() const;
  // The member of an object; nullptr when there is none or this is no object.
  const JsonValue* find(std::string_view key) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

// The tree, or a sentence for the client such as "Body is not valid JSON: … at offset 17".
std::expected<JsonValue, std::string> parse_json(std::string_view text);

}  // namespace tasklane
