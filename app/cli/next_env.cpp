#include "cli/next_env.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tasklane {

namespace {

bool is_word(char c) {
  return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// JavaScript's white space, as \s has it and trim() cuts it off: here in UTF-8.
constexpr std::array<std::string_view, 25> kSpaces = {
    " ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u00a0", "\u1680", "\u2000",
    "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",
    "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"};

std::size_t space_at(std::string_view text) {
  for (const auto space : kSpaces) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

std::string_view behind_spaces(std::string_view text) {
  while (const std::size_t length = space_at(text)) text.remove_prefix(length);
  return text;
}

std::string_view trim_spaces(std::string_view text) {
  text = behind_spaces(text);
  for (bool found = true; found && !text.empty();) {
    found = false;
    for (const auto space : kSpaces) {
      if (!text.ends_with(space)) continue;
      text.remove_suffix(space.size());
      found = true;
    }
  }
  return text;
}

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// \s*(?:#.*)?(?:$|$) of dotenv's expression: nothing more on the line but a comment.
bool ends_line(std::string_view rest) {
  while (!rest.empty() && rest.front() != '\n') {
    const std::size_t length = space_at(rest);
    if (length == 0) return rest.front() == '#';
    rest.remove_prefix(length);
  }
  return true;
}

// \s*'(?:\\'|[^'])*' for one of the three quotes: how much of the text is the quoted value, line ends
// included; 0 when there is none. As the expression backtracks: the first quote that no backslash escapes,
// else the last of those before it that one does.
std::size_t quoted_length(std::string_view text, char quote) {
  const std::size_t begin = text.size() - behind_spaces(text).size();
  if (begin == text.size() || text[begin] != quote) return 0;
  std::size_t last = 0;
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    const bool escaped = text[i - 1] == '\\' && i - 1 > begin;
    if (escaped) {
      if (ends_line(text.substr(i + 1))) last = i + 1;
      continue;
    }
    return ends_line(text.substr(i + 1)) ? i + 1 : last;
  }
  return last;
}

std::size_t value_length(std::string_view text) {
  for (const char quote : {'\'', '"', '`'}) {
    if (const std::size_t length = quoted_length(text, quote); length > 0) return length;
  }
  return std::min(text.find_first_of("#\n"), text.size());
}

std::string unquoted(std::string_view raw) {
  raw = trim_spaces(raw);
  if (raw.empty()) return "";
  const char first = raw.front();
  const bool is_quote = first == '\'' || first == '"' || first == '`';
  std::string value(raw);
  if (is_quote && raw.size() > 1 && raw.back() == first) value = raw.substr(1, raw.size() - 2);
  if (first == '"') value = replace_all(replace_all(std::move(value), "\\n", "\n"), "\\r", "\r");
  return value;
}

// dotenv-expand: the last "$" that no backslash stands before decides.
std::optional<std::string> expanded(std::string value) {
  for (std::size_t i = value.size(); i-- > 0;) {
    if (value[i] != '$' || (i > 0 && value[i - 1] == '\\')) continue;
    std::string_view name = std::string_view(value).substr(i + 1);
    if (name.starts_with('{')) name.remove_prefix(1);
    if (!name.empty() && is_word(name.front())) return std::nullopt;
    break;
  }
  return replace_all(std::move(value), "\\$", "$");
}

// The name that a line begins with, taken off the text with its "="; empty: it begins with none.
std::string_view take_name(std::string_view& text) {
  std::string_view rest = behind_spaces(text);
  if (rest.starts_with("export") && space_at(rest.substr(6)) > 0) rest = behind_spaces(rest.substr(6));
  std::size_t length = 0;
  while (length < rest.size() && (is_word(rest[length]) || rest[length] == '.' || rest[length] == '-'))
    ++length;
  const std::string_view name = rest.substr(0, length);
  const std::string_view behind = behind_spaces(rest.substr(length));
  if (name.empty() || !behind.starts_with('=')) return {};
  text = behind.substr(1);
  return name;
}

}  // namespace

NextValues read_as_next(std::string_view text) {
  const std::string lines = replace_all(replace_all(std::string(text), "\r\n", "\n"), "\r", "\n");
  NextValues values;
  for (std::string_view rest = lines; !rest.empty();) {
    if (const std::string_view name = take_name(rest); !name.empty()) {
      const std::size_t length = value_length(rest);
      values.emplace_back(name, expanded(unquoted(rest.substr(0, length))));
      rest.remove_prefix(length);
    }
    take_until(rest, '\n');
  }
  return values;
}

}  // namespace tasklane
