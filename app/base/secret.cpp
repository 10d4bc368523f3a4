#include "base/secret.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/private_file.h"
#include "base/text.h"
#include "base/utf8.h"

namespace tasklane {

namespace {

constexpr std::size_t kSecretFileMaxBytes = 16 * 1024;  // a URL or a key; a whole file by mistake is neither

using Found = std::expected<std::optional<std::string>, std::string>;

// The value in a file's text: what editors put around a line is no part of it.
std::expected<std::string, std::string_view> value_in(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return std::unexpected("is UTF-16; save it as UTF-8");
  text = trim(behind_byte_order_mark(text), " \t\r\n");
  if (text.contains('\0')) return std::unexpected("holds a NUL byte");
  if (text.find_first_of("\r\n") != std::string_view::npos) return std::unexpected("has more than one line");
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  if (std::ranges::any_of(text, is_control)) return std::unexpected("holds a control character");
  // Node.js would read other characters, and the two sides sign with two keys.
  if (!text.empty() && !count_code_points(text)) return std::unexpected("is not UTF-8");
  return std::string(text);
}

Found read_secret(std::string_view named_by, const std::string& path, bool required) {
  auto text = read_private_file(path, kSecretFileMaxBytes);
  if (!text && text.error().missing && !required) return std::nullopt;
  if (!text) return std::unexpected(fmt::format("{}: {}: {}", named_by, path, text.error().sentence));
  auto value = value_in(*text);
  if (!value) return std::unexpected(fmt::format("{}: {}: {}", named_by, path, value.error()));
  if (!value->empty()) return std::move(*value);
  if (required) return std::unexpected(fmt::format("{}: {}: is empty", named_by, path));
  return std::nullopt;
}

// NAME or NAME_FILE of one place. A NAME that is set and empty is the default, and ends the search.
Found find_in(std::string_view name, const NamedValues& place) {
  auto value = place(name);
  const std::string file_name = fmt::format("{}_FILE", name);
  const auto path = place(file_name);
  if (!path || path->empty()) return value;
  if (value && !value->empty())
    return std::unexpected(fmt::format("{} is set beside {}: only one of them can count", file_name, name));
  if (!path->starts_with('/')) return std::unexpected(fmt::format("{} must be an absolute path", file_name));
  return read_secret(file_name, *path, true);
}

}  // namespace

std::expected<std::string, std::string> find_secret(std::string_view name, const NamedValues& environment,
                                                    const NamedValues& file) {
  auto found = find_in(name, environment);
  const auto credentials = environment(kCredentialsDirectory);
  if (found && !*found && credentials && !credentials->empty())
    found = read_secret(name, fmt::format("{}/{}", *credentials, name), false);
  if (found && !*found) found = find_in(name, file);
  if (!found) return std::unexpected(std::move(found.error()));
  return std::move(*found).value_or("");
}

}  // namespace tasklane
