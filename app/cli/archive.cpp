#include "cli/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "schema/sql_statements.h"

namespace tasklane {

namespace {

std::optional<int> version_behind(std::string_view list, std::string_view words) {
  const auto at = list.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = list.substr(at + words.size());
  return take_number<int>(rest);
}

// "215; 1259 16400 TABLE DATA public tasks tasklane_owner": what is behind the numbers. Empty for a comment.
std::string_view entry_of(std::string_view line) {
  if (line.starts_with(';')) return {};
  for (int number = 0; number < 3; ++number) take_until(line, ' ');
  return line;
}

// Words and quoted names; of anything else, single characters.
std::vector<std::string> tokens_of(std::string_view statement) {
  constexpr std::string_view kEnds = " \t\r\n;,()\"";
  std::vector<std::string> tokens;
  while (!(statement = trim_front(statement, kSqlBlanks)).empty()) {
    std::string token;
    if (statement[0] == '"') {
      token = '"';
      std::size_t at = 1;
      for (; at < statement.size(); ++at) {
        if (statement[at] == '"' && !statement.substr(at + 1).starts_with('"')) break;
        if (statement[at] == '"') ++at;
        token += statement[at];
      }
      statement.remove_prefix(std::min(at + 1, statement.size()));
    } else {
      const auto end = std::max<std::size_t>(std::min(statement.find_first_of(kEnds), statement.size()), 1);
      token = statement.substr(0, end);
      statement.remove_prefix(end);
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

// Behind the last of these keywords; empty: it is not there.
std::string name_behind(const std::vector<std::string>& tokens, std::string_view keyword) {
  const auto found = std::ranges::find(tokens.rbegin(), tokens.rend(), keyword);
  return found == tokens.rend() || found == tokens.rbegin() ? "" : *(found - 1);
}

void add_role(std::set<std::string>& roles, std::string name) {
  if (name.starts_with('"')) {
    name.erase(0, 1);
  } else if (name == "PUBLIC" || name == "DEFAULT" || name == "CURRENT_USER") {
    return;
  }
  if (!name.empty() && !name.starts_with("pg_")) roles.insert(std::move(name));
}

}  // namespace

std::optional<int> dumped_server_version(std::string_view list) {
  return version_behind(list, "Dumped from database version: ");
}

std::optional<int> dumping_version(std::string_view list) {
  return version_behind(list, "Dumped by pg_dump version: ");
}

bool has_table_data(std::string_view list, std::string_view table) {
  while (!list.empty()) {
    std::string_view entry = entry_of(take_until(list, '\n'));
    if (!entry.starts_with("TABLE DATA ")) continue;
    entry.remove_prefix(std::string_view("TABLE DATA ").size());
    take_until(entry, ' ');  // the schema
    if (take_until(entry, ' ') == table) return true;
  }
  return false;
}

std::string restorable_entries(std::string_view list) {
  constexpr std::array<std::string_view, 4> kSkipped = {"EXTENSION ", "COMMENT - EXTENSION ",
                                                        "SCHEMA - public ", "COMMENT - SCHEMA public "};
  std::string kept;
  while (!list.empty()) {
    const std::string_view line = take_until(list, '\n');
    const std::string_view entry = entry_of(line);
    if (std::ranges::any_of(kSkipped, [&](std::string_view start) { return entry.starts_with(start); }))
      continue;
    kept += fmt::format("{}\n", line);
  }
  return kept;
}

std::set<std::string> ArchiveRoles::all() const {
  std::set<std::string> roles = owners;
  roles.insert(others.begin(), others.end());
  return roles;
}

ArchiveRoles roles_in(std::string_view schema_sql) {
  ArchiveRoles roles;
  for (const std::string_view statement : sql_statements(schema_sql)) {
    const auto tokens = tokens_of(statement);
    if (tokens.size() < 4) continue;
    if (tokens[0] == "ALTER" && tokens[tokens.size() - 3] == "OWNER" && tokens[tokens.size() - 2] == "TO")
      add_role(roles.owners, tokens.back());
    if (tokens[0] == "ALTER" && tokens[1] == "DEFAULT") add_role(roles.owners, name_behind(tokens, "ROLE"));
    if (tokens[0] == "SET" && tokens[1] == "SESSION") add_role(roles.owners, tokens.back());
    const bool is_default = tokens[0] == "ALTER" && tokens[1] == "DEFAULT";
    if (tokens[0] == "GRANT" || is_default) add_role(roles.others, name_behind(tokens, "TO"));
    if (tokens[0] == "REVOKE" || is_default) add_role(roles.others, name_behind(tokens, "FROM"));
  }
  return roles;
}

std::vector<std::string> copied_values(std::string_view copy, std::string_view column) {
  const auto begin = copy.find("\nCOPY ");
  if (begin == std::string_view::npos) return {};
  copy.remove_prefix(begin + 1);
  std::string_view head = take_until(copy, '\n');
  take_until(head, '(');
  const auto columns = split(take_until(head, ')'), ',');
  const auto place =
      std::ranges::find_if(columns, [&](const std::string& each) { return trim(each, " \"") == column; });
  if (place == columns.end()) return {};
  std::vector<std::string> values;
  while (!copy.empty()) {
    const std::string_view line = take_until(copy, '\n');
    if (line == "\\.") break;
    const auto fields = split(line, '\t');
    const auto number = static_cast<std::size_t>(place - columns.begin());
    values.push_back(number < fields.size() && fields[number] != "\\N" ? fields[number] : "");
  }
  return values;
}

}  // namespace tasklane
