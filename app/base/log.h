#pragma once
// The log: one event a line on stderr, JSON for machines or readable text on a terminal. Each process has one
// log, set up at start. Values are escaped; callers pass nothing secret. A line is written with one write(2),
// so lines of several processes never mix (pipe(7): up to PIPE_BUF, longer lines are cut there). Where stderr
// is systemd's journal each line begins with its priority, as in "<4>" (sd-daemon(3)).

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "base/config.h"

namespace tasklane::log {

struct Field {
  std::string_view name;                               // a plain identifier
  std::variant<std::string_view, std::int64_t> value;  // a text that is empty is left out

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, std::integral auto v) : name(n), value(static_cast<std::int64_t>(v)) {}
};

// `process` names the writer ("master", "worker"); automatic means text when stderr is a terminal.
void set_up(std::string_view process, LogLevel level, LogFormat format);

void debug(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, std::initializer_list<Field> fields = {});
void warning(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, std::initializer_list<Field> fields = {});

}  // namespace tasklane::log
