#include "schema/migration_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/limits.h"
#include "base/text.h"
#include "schema/sql_statements.h"

namespace tasklane {

namespace {

namespace fs = std::filesystem;

// The number of a name like 0001_tasks.sql.
std::optional<int> version_of(std::string_view name) {
  constexpr std::size_t kDigits = 4;
  constexpr std::string_view kWord = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (name.size() <= kDigits + 1 || name[kDigits] != '_') return std::nullopt;
  const auto version = parse_number<int>(name.substr(0, kDigits));
  if (version.value_or(0) < 1) return std::nullopt;
  const std::string_view words =
      name.substr(kDigits + 1, name.size() - kDigits - 1 - std::string_view(".sql").size());
  if (words.empty() || words.find_first_not_of(kWord) != std::string_view::npos) return std::nullopt;
  return version;
}

// Lines end with LF: a file is the same, and so is its checksum, from whatever checkout it comes.
std::string with_line_feeds(std::string_view text) {
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') lines += text[i];
  }
  return lines;
}

std::optional<std::string> read_text(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || size > limits::kMigrationFileMaxBytes) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || text.size() != size || text.contains('\0')) return std::nullopt;
  return with_line_feeds(text);
}

// Whether the statement would end the transaction that a file runs in, or begin one. ROLLBACK TO a savepoint
// is a file's own business.
bool is_transaction_command(std::string_view statement) {
  constexpr std::array<std::string_view, 6> kCommands = {"begin", "start", "commit",
                                                         "end",   "abort", "rollback"};
  std::string spaced = to_lower(statement);
  std::ranges::replace_if(
      spaced, [](char c) { return kSqlBlanks.contains(c); }, ' ');
  std::string_view words = spaced;
  const std::string_view command = take_until(words, ' ');
  return std::ranges::find(kCommands, command) != kCommands.end() &&
         !(command == "rollback" && words.contains("to "));
}

std::optional<std::string_view> transaction_command(const std::string& text) {
  const auto statements = sql_statements(text);
  const auto found = std::ranges::find_if(statements, is_transaction_command);
  return found == statements.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::expected<std::vector<MigrationFile>, DatabaseError> read_migration_files(const std::string& folder) {
  const auto refuse = [](std::string sentence) {
    return std::unexpected(DatabaseError{DatabaseError::Kind::permanent, std::move(sentence)});
  };
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) return refuse(fmt::format("the folder {} cannot be read: {}", folder, error.message()));

  std::vector<MigrationFile> files;
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path path = entries->path();
    if (path.extension() != ".sql") continue;
    std::string name = path.filename().string();
    const auto version = version_of(name);
    if (!version) return refuse(fmt::format("{} in {} is not named like 0001_tasks.sql", name, folder));
    auto text = read_text(path);
    if (!text) return refuse(fmt::format("{} in {} is no readable text of at most 1 MiB", name, folder));
    if (const auto command = transaction_command(*text)) {
      return refuse(fmt::format(
          "{} in {} says {}: a file runs in one transaction, which is not its own to begin or end", name,
          folder, *command));
    }
    files.push_back({*version, std::move(name), std::move(*text)});
  }
  if (error) return refuse(fmt::format("the folder {} cannot be read: {}", folder, error.message()));
  if (files.empty()) return refuse(fmt::format("the folder {} holds no migration", folder));

  std::ranges::sort(files, {}, [](const MigrationFile& file) { return std::pair(file.version, file.name); });
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i > 0 && files[i].version == files[i - 1].version)
      return refuse(fmt::format("{} and {} have the same number", files[i - 1].name, files[i].name));
    if (files[i].version != static_cast<int>(i) + 1)
      return refuse(fmt::format("migration {:04} is missing before {}", i + 1, files[i].name));
  }
  return files;
}

}  // namespace tasklane
