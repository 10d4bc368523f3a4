#include "schema/sql_statements.h"

#include <algorithm>

namespace tasklane {

namespace {

constexpr bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Takes everything up to the end of the next `closing`.
void skip_past(std::string_view& rest, std::string_view closing) {
  const auto at = rest.find(closing);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + closing.size());
}

void skip_block_comment(std::string_view& rest) {  // they nest
  int depth = 0;
  do {
    if (rest.starts_with("/*")) ++depth;
    if (rest.starts_with("*/")) --depth;
    const bool is_mark = rest.starts_with("/*") || rest.starts_with("*/");
    rest.remove_prefix(is_mark ? 2 : 1);
  } while (depth > 0 && !rest.empty());
}

// E'…', where a backslash takes the next character along.
void skip_escape_string(std::string_view& rest) {
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '\'')
    rest.remove_prefix(std::min<std::size_t>(rest.front() == '\\' ? 2 : 1, rest.size()));
  rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
}

// The tag of $$…$$ or $tag$…$tag$ that begins here, with both its signs; empty where it is a parameter such
// as $1.
std::string_view dollar_tag(std::string_view rest) {
  const auto end = std::ranges::find_if_not(rest.substr(1), is_word);
  const auto size = static_cast<std::size_t>(end - rest.begin());
  if (size == rest.size() || rest[size] != '$') return {};
  if (size > 1 && rest[1] >= '0' && rest[1] <= '9') return {};
  return rest.substr(0, size + 1);
}

// Takes one piece in which a semicolon ends nothing, or one character.
void skip_piece(std::string_view& rest, std::string_view before) {
  const char first = rest.front();
  const auto skip_quoted = [&](std::string_view quote) {
    rest.remove_prefix(quote.size());
    skip_past(rest, quote);
  };
  const auto is_escape_string = [&] {
    return before.ends_with('E') || before.ends_with('e')
               ? before.size() == 1 || !is_word(before[before.size() - 2])
               : false;
  };
  if (rest.starts_with("--")) return skip_past(rest, "\n");
  if (rest.starts_with("/*")) return skip_block_comment(rest);
  if (first == '\'' && is_escape_string()) return skip_escape_string(rest);
  if (first == '\'') return skip_quoted("'");  // '' inside it ends one and begins another
  if (first == '"') return skip_quoted("\"");
  if (first == '$' && (before.empty() || !is_word(before.back()))) {
    if (const auto tag = dollar_tag(rest); !tag.empty()) return skip_quoted(tag);
  }
  rest.remove_prefix(1);
}

void skip_blanks_and_comments(std::string_view& rest) {
  while (!rest.empty()) {
    if (rest.starts_with("--")) {
      skip_past(rest, "\n");
    } else if (rest.starts_with("/*")) {
      skip_block_comment(rest);
    } else if (kSqlBlanks.contains(rest.front())) {
      rest.remove_prefix(1);
    } else {
      return;
    }
  }
}

}  // namespace

std::vector<std::string_view> sql_statements(std::string_view text) {
  std::vector<std::string_view> statements;
  std::string_view rest = text;
  while (true) {
    skip_blanks_and_comments(rest);
    if (rest.empty()) return statements;
    const std::string_view from_here = rest;
    const auto taken = [&] { return from_here.substr(0, from_here.size() - rest.size()); };
    while (!rest.empty() && rest.front() != ';') skip_piece(rest, taken());
    if (!taken().empty()) statements.push_back(taken());
    if (!rest.empty()) rest.remove_prefix(1);
  }
}

}  // namespace tasklane
