#pragma once
// The `.env` format: NAME=value lines, `#` comments, optional `export `, values bare, 'single' (literal) or
// "double" quoted (\n, \", \\, \$ escaped). No interpolation, no control characters but tabs. The same file
// can be read by a POSIX shell when values with spaces or shell characters are quoted.

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasklane {

using EnvValues = std::vector<std::pair<std::string, std::string>>;

// The values of `text`, or one sentence per bad line (never with the line's content, which may be secret).
std::expected<EnvValues, std::vector<std::string>> parse_env(std::string_view text);

// The file's values. Refuses a file that others can read or write (mode & 0007): it holds the secrets.
// A missing file is no mistake unless `required`.
std::expected<EnvValues, std::vector<std::string>> read_env_file(const std::string& path, bool required);

}  // namespace tasklane
