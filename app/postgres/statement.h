#pragma once
// The two kinds of statement there are. A UserStatement is one user's: it binds the user id as $1 and filters
// or stamps every row with it, checked when the program is compiled, and it runs only together with a UserId.
// A SystemStatement never names the tasks table, and of the users' idempotency keys it only deletes. There is
// no third way to reach the database from a request.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/user_id.h"

namespace tasklane {

enum class Effect { read, write };  // a read may be repeated on another connection, a write never

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

struct Statement {
  const char* name;
  const char* sql;
  Effect effect;
  PreparedName prepared_name;
  bool changes_a_row = false;  // the one that its first two parameters name, and locks it until the commit
};

// The tables whose rows are one user's each.
inline constexpr std::array<std::string_view, 2> kUserTables = {"tasks", "idempotency_keys"};

// Whether every mention of such a table, before the next one, stamps or filters its rows with $1.
constexpr bool binds_user(std::string_view sql) {
  const auto next_mention = [&](std::size_t from) {
    std::size_t at = std::string_view::npos;
    for (const auto table : kUserTables) at = std::min(at, sql.find(table, from));
    return at;
  };
  std::size_t at = next_mention(0);
  if (at == std::string_view::npos || sql.contains(" OR ")) return false;
  while (at != std::string_view::npos) {
    const std::size_t next = next_mention(at + 1);
    const std::string_view part = sql.substr(at, next - at);
    const bool inserts = sql.substr(0, at).ends_with("INSERT INTO ") && part.contains(" (user_id, ") &&
                         (part.contains(" VALUES ($1, ") || part.contains(" SELECT $1, "));
    if (!inserts && !part.contains(" WHERE user_id = $1")) return false;
    at = next;
  }
  return true;
}

class UserStatement : public Statement {
 public:
  consteval UserStatement(const char* statement_name, Effect statement_effect, const char* text)
      : Statement{statement_name,
                  text,
                  statement_effect,
                  {statement_name, text},
                  statement_effect == Effect::write &&
                      std::string_view(text).contains(" WHERE user_id = $1 AND id = $2")} {
    if (!binds_user(text)) throw "a statement on users' rows must bind its user as $1";  // fails to compile
  }
};

class SystemStatement : public Statement {
 public:
  consteval SystemStatement(const char* statement_name, Effect statement_effect, const char* text)
      : Statement{statement_name, text, statement_effect, {statement_name, text}} {
    const std::string_view view(text);
    const bool sweeps = view.starts_with("DELETE FROM idempotency_keys ") && !view.contains("RETURNING");
    if (view.contains("tasks") || (view.contains("idempotency_keys") && !sweeps))
      throw "a statement on users' rows must be a UserStatement";
  }
};

inline constexpr std::size_t kParametersMax = 8;  // more than any statement has

// A statement's parameters in Postgres' binary format, in order. Owns its bytes. Throws std::out_of_range
// when there are more than kParametersMax.
class Parameters {
 public:
  Parameters& text(std::string_view value);
  Parameters& optional_text(const std::optional<std::string>& value);
  Parameters& integer(std::int64_t value);
  Parameters& boolean(bool value);
  Parameters& optional_boolean(std::optional<bool> value);
  Parameters& bytes(std::span<const std::uint8_t> value);
  Parameters& null();

  std::size_t size() const { return size_; }
  std::string_view bytes() const { return bytes_; }  // of all of them, in order
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

// The parameters of a UserStatement: the user is $1, whatever follows.
class UserParameters : public Parameters {
 public:
  explicit UserParameters(const UserId& user) { text(user.value()); }
};

}  // namespace tasklane
