#pragma once
// The two kinds of statement there are. A UserStatement is one user's: it binds the user id as $1 and filters
// or stamps every row with it, checked when the program is compiled, and it runs only together with a UserId.
// A SystemStatement never names the tasks table. There is no third way to reach the database from a request.

#include <cstdint>
#include <optional>
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

class UserStatement : public Statement {
 public:
  consteval UserStatement(const char* statement_name, Effect statement_effect, const char* text)
      : Statement{statement_name, text, statement_effect} {
    const std::string_view view(text);
    const bool inserts = view.starts_with("INSERT INTO tasks (user_id, ") && view.contains(" VALUES ($1, ");
    const bool filters = view.contains(" WHERE user_id = $1") && !view.contains(" OR ");
    if (!inserts && !filters) throw "a statement on tasks must bind its user as $1";  // fails the compilation
  }
};

class SystemStatement : public Statement {
 public:
  consteval SystemStatement(const char* statement_name, const char* text)
      : Statement{statement_name, text, Effect::read} {
    if (std::string_view(text).contains("tasks")) throw "a statement on tasks must be a UserStatement";
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
