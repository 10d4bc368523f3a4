#pragma once
// The single statements of an SQL text, as psql sends them: distributed engines take some statements only
// when nothing else stands in the same query.

#include <string_view>
#include <vector>

namespace tasklane {

inline constexpr std::string_view kSqlBlanks = " \t\r\n\f\v";

// Views into the text, each without its semicolon and without the blanks and comments before it. Quotes and
// comments are told apart as in the PostgreSQL manual, 4.1 "Lexical Structure", with
// standard_conforming_strings on. What is not closed reaches to the end: the server names the mistake.
std::vector<std::string_view> sql_statements(std::string_view text);

}  // namespace tasklane
