#pragma once
// The `.env` format: NAME=value lines, `#` comments, optional `export `, values bare, 'single' (literal) or
// "double" quoted (\n, \", \\, \$ escaped). No interpolation, no control characters but tabs. UTF-8, with or
// without a byte order mark; lines end with LF or CR LF. The same file can be read by a POSIX shell when
// values with spaces or shell characters are quoted.

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasklane {

using EnvValues = std::vector<std::pair<std::string, std::string>>;

struct EnvLine {
  std::size_t number;  // from 1
  std::string name;
  std::string value;
  std::string written;  // what stands behind "=", without blanks around
};

std::expected<std::vector<EnvLine>, std::vector<std::string>> parse_env_lines(std::string_view text);

// The values of `text`, or one sentence per bad line (never with the line's content, which may be secret).
std::expected<EnvValues, std::vector<std::string>> parse_env(std::string_view text);

// The file's text. Refuses a file that others can read or write (mode & 0007): it holds the secrets.
// A missing file is no mistake unless `required`.
std::expected<std::string, std::vector<std::string>> read_env_text(const std::string& path, bool required);

// The values in that text.
std::expected<EnvValues, std::vector<std::string>> read_env_file(const std::string& path, bool required);

}  // namespace tasklane
