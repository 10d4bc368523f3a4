#pragma once
// A statement that connections prepare, and its parameters in Postgres' binary format.

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

// A read may be repeated on another connection, a write never. A long read takes the longer the more rows its
// user has: it runs by itself, on a connection that the others do not wait for.
enum class Effect { read, long_read, write };

// The name a statement is prepared under: its own and a hash of its text (FNV-1a). A pooler may lend us a
// server connection on which another release has prepared another text under the same name.
class PreparedName {
 public:
  consteval PreparedName(std::string_view name, std::string_view sql) {
    std::uint32_t hash = 2166136261;
    for (const char byte : sql) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619;
    std::size_t end = 0;
    for (const char letter : name) text_.at(end++) = letter;
    text_.at(end++) = '_';
    for (int shift = 28; shift >= 0; shift -= 4) text_.at(end++) = "0123456789abcdef"[hash >> shift & 15];
    text_.at(end) = '\0';
  }
  const char* c_str() const { return text_.data(); }

 private:
  std::array<char, 64> text_{};  // as long as a name of the server's can be
};

// What a write locks until its transaction ends, by the places of its parameters.
enum class Locks {
  nothing,
  row,          // the one that its first two parameters name: the user, the id
  rows,         // any of its first parameter's, in the order of their ids
  key,          // of its first two parameters: the user, the key
  row_and_key,  // the row of its first two parameters, and then the key of its first and third
  any_keys,     // some, of any user and in no order: it runs in a transaction of its own
};

// Of the rows that a statement returns.
struct Column {
  enum class Type { text, integer, boolean, timestamp };  // as Rows reads it: text, int8, bool, timestamptz
  std::string_view name;
  Type type;
};

// Where in a row a column is. One that is not among them does not compile.
consteval int place_of(std::string_view name, std::span<const Column> columns) {
  for (int place = 0; const Column& column : columns) {
    if (column.name == name) return place;
    ++place;
  }
  throw "the statement returns no such column";
}

struct Statement {
  const char* name;
  const char* sql;
  Effect effect;
  PreparedName prepared_name;
  Locks locks = Locks::nothing;
  // Locks the row of its first two parameters and nothing else; for statements that lock a row and a key.
  const Statement* row_lock = nullptr;
  std::span<const Column> columns = {};
  bool tries_session = false;  // runs once on a new connection, which is given up when it fails
  std::size_t number = 0;      // its place among those that are counted (kStatementNames)
};

// Postgres counts from 2000-01-01T00:00:00Z.
inline constexpr std::int64_t kEpochDifferenceMicroseconds = 946'684'800'000'000;

inline constexpr std::size_t kParametersMax = 9;  // more than any statement has

// A statement's parameters in Postgres' binary format, in order. Owns its bytes. Throws std::out_of_range
// when there are more than kParametersMax.
class Parameters {
 public:
  Parameters& text(std::string_view value);
  Parameters& optional_text(const std::optional<std::string>& value);
  Parameters& integer(std::int64_t value);
  Parameters& integers(std::span<const std::int64_t> values);  // bigint[]
  Parameters& timestamp(std::int64_t microseconds);  // timestamptz, since 1970
  Parameters& boolean(bool value);
  Parameters& optional_boolean(std::optional<bool> value);
  Parameters& bytes(std::span<const std::uint8_t> value);
  Parameters& null();

  std::size_t size() const { return size_; }
  std::string_view bytes() const { return bytes_; }  // of all of them, in order
  std::string_view at(std::size_t index) const {     // empty for null
    const Value& value = values_.at(index);
    return std::string_view(bytes_).substr(value.offset,
                                           value.length < 0 ? 0 : static_cast<std::size_t>(value.length));
  }
  // nullptr for null; valid until the object changes.
  const char* data(std::size_t index) const;
  int length(std::size_t index) const { return values_[index].length; }

 private:
  struct Value {
    std::size_t offset;
    int length;  // -1: null
  };
  void put(Value value) { values_.at(size_++) = value; }
  void put(std::string_view bytes);

  std::string bytes_;
  std::array<Value, kParametersMax> values_;
  std::size_t size_ = 0;
};

// For a statement that has none.
class NoParameters : public Parameters {};

// A statement that runs with parameters of this type alone, and so only for those who can make them.
template <std::derived_from<Parameters> P>
class StatementWith : public Statement {
 protected:
  constexpr explicit StatementWith(const Statement& statement) : Statement(statement) {}
};

}  // namespace tasklane
