#pragma once
// The kinds of statement there are. A UserStatement is one user's: it binds the user id as $1 and
// filters or stamps every row with it, checked when the program is compiled, and it runs only together with a
// UserId. A SystemStatement never names the tasks table, and of the users' idempotency keys it only deletes.
// A KeyStatement is about the table of keys, and names neither; so does a MarksStatement, about users' marks.
// A RightsStatement and a SessionTrial read no table. There is no other way to reach the database from a
// request.

#include <algorithm>
#include <array>
#include <concepts>
#include <span>
#include <string_view>

#include "auth/user_id.h"
#include "base/metrics.h"
#include "postgres/statement.h"

namespace tasklane {

// The parameters of a UserStatement: the user is $1, whatever follows.
class UserParameters : public Parameters {
 public:
  explicit UserParameters(const UserId& user) { text(user.value()); }
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

// A name that is not among those that are counted does not compile.
consteval std::size_t statement_number(std::string_view name) {
  const auto* const found = std::ranges::find(kStatementNames, name);
  if (found == kStatementNames.end()) throw "a statement has its place in kStatementNames";
  return static_cast<std::size_t>(found - kStatementNames.begin());
}

using Columns = std::span<const Column>;

// These columns and more behind them.
template <std::size_t N, std::same_as<Column>... More>
consteval auto with(const std::array<Column, N>& columns, More... more) {
  std::array<Column, N + sizeof...(More)> all{};
  auto end = std::ranges::copy(columns, all.begin()).out;
  ((*end++ = more), ...);
  return all;
}

consteval Statement describe(const char* name, Effect effect, Locks locks, Columns columns, const char* text,
                             const Statement* row_lock = nullptr) {
  return {.name = name,
          .sql = text,
          .effect = effect,
          .prepared_name = {name, text},
          .locks = locks,
          .row_lock = row_lock,
          .columns = columns,
          .number = statement_number(name)};
}

class UserStatement : public StatementWith<UserParameters> {
 public:
  consteval UserStatement(const char* statement_name, Effect statement_effect, Locks what_it_locks,
                          Columns what_it_returns, const char* text)
      : StatementWith(describe(statement_name, statement_effect, what_it_locks, what_it_returns, text)) {
    if (!binds_user(text)) throw "a statement on users' rows must bind its user as $1";  // fails to compile
    if (what_it_locks == Locks::row_and_key)
      throw "what locks a row and a key needs a statement that locks its row";
  }
  // A write that locks a row, as `lock_of_row` does alone, and then a key.
  consteval UserStatement(const char* statement_name, const UserStatement& lock_of_row,
                          Columns what_it_returns, const char* text)
      : StatementWith(describe(statement_name, Effect::write, Locks::row_and_key, what_it_returns, text,
                               &lock_of_row)) {
    if (!binds_user(text)) throw "a statement on users' rows must bind its user as $1";
  }
};

class SystemStatement : public StatementWith<NoParameters> {
 public:
  consteval SystemStatement(const char* statement_name, Effect statement_effect, Locks what_it_locks,
                            Columns what_it_returns, const char* text)
      : StatementWith(describe(statement_name, statement_effect, what_it_locks, what_it_returns, text)) {
    const std::string_view view(text);
    const std::string_view begin = view.substr(view.find_first_not_of(" \n"));
    const bool sweeps = begin.starts_with("DELETE FROM idempotency_keys ") && !view.contains("RETURNING");
    if (view.contains("tasks") || (view.contains("idempotency_keys") && !sweeps))
      throw "a statement on users' rows must be a UserStatement";
  }
};

// The name of the table that Better Auth keeps its keys in, with its schema or without.
class KeyTable : public Parameters {
 public:
  explicit KeyTable(std::string_view name) { text(name); }
};

// Of a table of keys, whose name is $1.
class KeyStatement : public StatementWith<KeyTable> {
 public:
  consteval KeyStatement(const char* statement_name, Columns what_it_returns, const char* text)
      : StatementWith(describe(statement_name, Effect::read, Locks::nothing, what_it_returns, text)) {
    const auto named = [text](std::string_view table) { return std::string_view(text).contains(table); };
    if (std::ranges::any_of(kUserTables, named) || !named("$1"))
      throw "a statement about keys names their table alone";
  }
};

// The last change of a mark that is known.
class LastChange : public Parameters {
 public:
  explicit LastChange(std::int64_t change) { integer(change); }
};

// Of users' marks that have changed since $1.
class MarksStatement : public StatementWith<LastChange> {
 public:
  consteval MarksStatement(const char* statement_name, Columns what_it_returns, const char* text)
      : StatementWith(describe(statement_name, Effect::read, Locks::nothing, what_it_returns, text)) {
    const auto named = [text](std::string_view table) { return std::string_view(text).contains(table); };
    if (std::ranges::any_of(kUserTables, named) || !named(" FROM user_marks WHERE change > $1 "))
      throw "a statement about marks names their table alone";
  }
};

// Of a new connection: whether its session can do what the others need. It reads no table.
class SessionTrial : public StatementWith<NoParameters> {
 public:
  consteval SessionTrial(const char* statement_name, Columns what_it_returns, const char* text)
      : StatementWith(tried(describe(statement_name, Effect::read, Locks::nothing, what_it_returns, text))) {
    if (std::string_view(text).contains("FROM")) throw "a trial reads no table";
  }

 private:
  static consteval Statement tried(Statement statement) {
    statement.tries_session = true;
    return statement;
  }
};

// What the role of this connection may do. Functions of the server tell; no row of any table is looked at.
class RightsStatement : public StatementWith<NoParameters> {
 public:
  consteval RightsStatement(const char* statement_name, Columns what_it_returns, const char* text)
      : StatementWith(describe(statement_name, Effect::read, Locks::nothing, what_it_returns, text)) {
    const std::string_view view(text);
    if (!view.substr(view.find_first_not_of(" \n")).starts_with("SELECT ") || view.contains("FROM"))
      throw "a statement about rights reads no table";
  }
};

}  // namespace tasklane
