#include "cli/backup_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/exit_codes.h"
#include "base/limits.h"
#include "cli/archive.h"
#include "cli/database_tool.h"
#include "schema/restoration.h"

namespace tasklane {

namespace {

namespace fs = std::filesystem;

constexpr std::array kOptions = {kEnvFileOption};

constexpr CommandLine kLine = {.usage = "tasklane backup FILE [--env-file FILE]",
                               .about =
                                   "Writes the whole database of DATABASE_URL_DIRECT (or DATABASE_URL), "
                                   "Better Auth's tables included, to a\n"
                                   "new file that only this user can read, with pg_dump. Workers serve "
                                   "meanwhile. `tasklane restore` reads it.\n"
                                   "Exits 111 when the database cannot be reached.",
                               .options = kOptions};

// Empty: a backup can be made.
std::string wrong_with(const ServerFacts& server, int tool) {
  if (tool < server.major)
    return fmt::format(
        "pg_dump {0} cannot read PostgreSQL {1}: install postgresql-client-{1}, or put its bin folder first "
        "on PATH",
        tool, server.major);
  if (server.relations.empty()) return fmt::format("the database {} is empty", server.database);
  if (!server.unreadable.empty())
    return fmt::format(
        "role {} may not read {}: GRANT its owner's role to {}, as docs/SECURITY.md says of the web app's "
        "role",
        server.role, server.unreadable.front(), server.role);
  return {};
}

// A new file beside FILE, which takes its name when it is whole.
class NewFile {
 public:
  explicit NewFile(const fs::path& path) : path_(path), partial_(path.string() + ".partial") {
    ::unlink(partial_.c_str());  // an interrupted backup left it; it may be a link
    fd_.reset(
        ::open(partial_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  }
  ~NewFile() {
    if (fd_) ::unlink(partial_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int fd() const { return fd_.get(); }
  const std::string& partial() const { return partial_; }

  // On disk, by its name, and nothing replaced. False: errno tells why.
  bool keep() {
    if (::fsync(fd_.get()) != 0 ||
        ::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0)
      return false;
    const Descriptor folder(
        ::open(fs::absolute(path_).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    fd_.reset();
    return !folder || ::fsync(folder.get()) == 0;
  }

 private:
  fs::path path_;
  std::string partial_;
  Descriptor fd_;
};

void tell(const fs::path& path, const std::string& list, const ServerFacts& server,
          const std::string& keys_table) {
  fmt::print("{}: {} bytes, the database {} of role {}\n", path.string(), fs::file_size(path),
             server.database, server.role);
  const std::string table = keys_table.substr(keys_table.rfind('.') + 1);
  if (!has_table_data(list, table)) return;
  fmt::print(
      "It has the web app's sign-ins and its private keys ({}), encrypted with the web app's secret, which "
      "is NOT in it.\n"
      "Keep that secret elsewhere (WEB_BETTER_AUTH_SECRETS, or BETTER_AUTH_SECRET): without it the keys "
      "cannot be\n"
      "decrypted, and tasklane restore has to make new ones.\n",
      table);
}

int back_up(const Config& config, const fs::path& path) {
  const auto tool = tool_version("pg_dump");
  if (!tool) return refuse(tool.error());
  const auto server = look_at_server(config.database_url_direct);
  if (!server) return refuse(server.error());
  if (const std::string wrong = wrong_with(*server, *tool); !wrong.empty()) return refuse(wrong);
  if (fs::exists(fs::symlink_status(path)))
    return refuse(fmt::format("{} is there already; a backup replaces nothing", path.string()));

  NewFile file(path);
  if (file.fd() < 0) return refuse(fmt::format("cannot write {}: {}", file.partial(), std::strerror(errno)));
  const auto dumped =
      run_tool({.command = {"pg_dump", "--format=custom", "--no-publications", "--no-subscriptions",
                            fmt::format("--lock-wait-timeout={}", limits::kMigrationPatience.count())},
                .url = config.database_url_direct,
                .output = file.fd()});
  if (!dumped) return refuse(dumped.error());
  if (!dumped->succeeded) return refuse("pg_dump has failed; there is no backup");
  const auto list = run_tool({.command = {"pg_restore", "--list", file.partial()}});
  if (!list || !list->succeeded)
    return refuse("pg_restore cannot read what pg_dump has written; there is no backup");
  if (!file.keep()) return refuse(fmt::format("cannot keep {}: {}", path.string(), std::strerror(errno)));
  tell(path, list->output, *server, config.jwks_table);
  return kExitOk;
}

}  // namespace

int backup_command(Arguments arguments) {
  const auto line = read_word_and_options(kLine, arguments);
  if (!line) return line.error();
  const auto config = read_command_config(line->options);
  return config ? back_up(*config, line->word) : config.error();
}

}  // namespace tasklane
