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

struct Statement {
  const char* name;  // of the prepared statement
  const char* sql;
  Effect effect;
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
      : Statement{statement_name, text, statement_effect} {
    if (!binds_user(text)) throw "a statement on users' rows must bind its user as $1";  // fails to compile
  }
};

class SystemStatement : public Statement {
 public:
  consteval SystemStatement(const char* statement_name, Effect statement_effect, const char* text)
      : Statement{statement_name, text, statement_effect} {
    const std::string_view view(text);
    const bool sweeps = view.starts_with("DELETE FROM idempotency_keys ") && !view.contains("RETURNING");
    if (view.contains("tasks") || (view.contains("idempotency_keys") && !sweeps))
      throw "a statement on users' rows must be a UserStatement";
  }
};

// A statement's parameters in Postgres' binary format, in order. Owns its bytes.
class Parameters {
 public:
  Parameters& text(std::string_view value);
  Parameters& optional_text(const std::optional<std::string>& value);
  Parameters& integer(std::int64_t value);
  Parameters& boolean(bool value);
  Parameters& optional_boolean(std::optional<bool> value);
  Parameters& bytes(std::span<const std::uint8_t> value);
  Parameters& null();

  std::size_t size() const { return values_.size(); }
  // nullptr for null; valid until the object changes.
  const char* data(std::size_t index) const;
  int length(std::size_t index) const { return values_[index].length; }

 private:
  struct Value {
    std::size_t offset;
    int length;  // -1: null
  };
  void put(std::string_view bytes);

  std::string bytes_;
  std::vector<Value> values_;
};

// The parameters of a UserStatement: the user is $1, whatever follows.
class UserParameters : public Parameters {
 public:
  explicit UserParameters(const UserId& user) { text(user.value()); }
};

}  // namespace tasklane
