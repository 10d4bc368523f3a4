#include "cli/restore_command.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/exit_codes.h"
#include "base/text.h"
#include "cli/archive.h"
#include "cli/check_command.h"
#include "cli/config_files.h"
#include "cli/database_tool.h"
#include "cli/role_login.h"
#include "cli/web_secrets.h"
#include "schema/migrations.h"
#include "schema/restoration.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {
    Option{"new-keys", "", "make new signing keys: the secret of those in the backup is lost"},
    Option{"sql", "DIR", "the folder of numbered SQL files (default: the installed one)"}, kEnvFileOption};

constexpr CommandLine kLine = {.usage = "tasklane restore FILE [--new-keys] [--sql DIR] [--env-file FILE]",
                               .about =
                                   "Fills the empty database of DATABASE_URL_DIRECT (or DATABASE_URL) from a "
                                   "file of `tasklane backup`, makes the\n"
                                   "roles that are missing, gives the rights again, migrates an older "
                                   "schema, and looks at it all as `tasklane\n"
                                   "check --db` does. The role of DATABASE_URL, and that of WEB_DATABASE_URL "
                                   "if it is there, get their passwords.",
                               .options = kOptions};

struct Restoration {
  const Config& config;
  const ConfigSource source;
  const std::string file;
  const std::string sql_folder;
  const bool new_keys;
  std::string list = {};

  std::expected<std::string, std::string> read_archive(std::vector<std::string> options) const;
  std::string wrong_before(const ServerFacts& server) const;
  std::string wrong_with_keys() const;
  int admit_roles() const;
  int finish() const;
};

// What pg_restore prints of the file.
std::expected<std::string, std::string> Restoration::read_archive(std::vector<std::string> options) const {
  options.insert(options.begin(), "pg_restore");
  options.push_back(file);
  const auto end = run_tool({.command = std::move(options)});
  if (!end) return std::unexpected(end.error());
  if (!end->succeeded) return std::unexpected(fmt::format("pg_restore cannot read {}", file));
  return end->output;
}

// Empty: all is fit.
std::string Restoration::wrong_before(const ServerFacts& server) const {
  const int dumped = dumped_server_version(list).value_or(0);
  if (server.major < dumped)
    return fmt::format(
        "the server is PostgreSQL {}, the backup is of {}: restore it into that version or a newer one",
        server.major, dumped);
  if (!server.relations.empty())
    return fmt::format(
        "the database {} is not empty ({} is there): a restore replaces nothing. Make a new database for it",
        server.database, server.relations.front());
  return {};
}

std::string ask_for_secret() {
  if (::isatty(STDIN_FILENO) != 1) return {};
  termios before{};
  const bool hidden = ::tcgetattr(STDIN_FILENO, &before) == 0;
  termios silent = before;
  // Ctrl-C ends the line instead of this process, which would leave the terminal without echo.
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
  silent.c_cc[VEOL] = before.c_cc[VINTR];
  if (hidden) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  fmt::print(stderr, "The web app's secret, which its private keys are encrypted with: ");
  std::string text;
  int c = std::getchar();
  for (; c != EOF && c != '\n' && c != before.c_cc[VINTR]; c = std::getchar()) text += static_cast<char>(c);
  if (hidden) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  fmt::print(stderr, "\n");
  if (hidden && c == before.c_cc[VINTR]) std::raise(SIGINT);
  return std::string(trim(text, " \t\r"));
}

// Nothing has happened yet when this refuses.
std::string Restoration::wrong_with_keys() const {
  const std::string table = config.jwks_table.substr(config.jwks_table.rfind('.') + 1);
  if (new_keys || !has_table_data(list, table)) return {};
  const auto copied = read_archive({"--data-only", "--table=" + table, "--file=-"});
  if (!copied) return copied.error();
  if (opens_newest_key({}, *copied)) return {};
  auto secrets = web_secrets(source, config);
  if (!secrets) return secrets.error();
  if (secrets->empty()) *secrets = secrets_in(ask_for_secret());
  if (opens_newest_key(*secrets, *copied)) return {};
  return fmt::format(
      "{} the private keys in the backup: give the web app's secret of that time as WEB_BETTER_AUTH_SECRETS"
      " (credentials/, or its _FILE), or let --new-keys make new ones",
      secrets->empty() ? "no secret is there to decrypt" : "the web app's secret does not decrypt");
}

// Roles that serve, with the passwords that this host's settings have.
int Restoration::admit_roles() const {
  const auto web = web_database_url(source);
  if (!web) return refuse(web.error());
  for (const std::string& url : {config.database_url, *web}) {
    if (const auto admitted = admit_role_of(url, config.database_url_direct); !admitted)
      return refuse(admitted.error());
  }
  const std::string role = role_of(config.database_url);
  if (role == role_of(config.database_url_direct)) return kExitOk;
  const auto granted = grant_again(config.database_url_direct, role);
  return granted ? kExitOk : refuse(granted.error());
}

int Restoration::finish() const {
  const auto report = migrate(config.database_url_direct, sql_folder);
  if (!report) return refuse(report.error());
  for (const auto& name : report->applied) fmt::print("applied {}\n", name);
  if (const int status = admit_roles(); status != kExitOk) return status;
  if (new_keys) {
    const auto ended = expire_keys(config.database_url_direct, config.jwks_table);
    if (!ended) return refuse(ended.error());
    fmt::print("signing keys that have ended: {}; the next token makes a new one\n", *ended);
  }
  std::fflush(stdout);
  return check_database(config, sql_folder);
}

int restore(Restoration& restoration) {
  const std::string& url = restoration.config.database_url_direct;
  const auto tool = tool_version("pg_restore");
  if (!tool) return refuse(tool.error());
  const auto list = restoration.read_archive({"--list"});
  if (!list) return refuse(list.error());
  restoration.list = *list;
  if (const int by = dumping_version(*list).value_or(0); *tool < by)
    return refuse(fmt::format(
        "pg_restore {0} cannot read what pg_dump {1} has written: install postgresql-client-{1}", *tool, by));
  const auto server = look_at_server(url);
  if (!server) return refuse(server.error());
  if (const std::string wrong = restoration.wrong_before(*server); !wrong.empty()) return refuse(wrong);
  if (const std::string wrong = restoration.wrong_with_keys(); !wrong.empty()) return refuse(wrong);
  const auto schema = restoration.read_archive({"--schema-only", "--file=-"});
  if (!schema) return refuse(schema.error());
  const ArchiveRoles roles = roles_in(*schema);
  const auto made = make_roles(url, roles.owners, roles.others);
  if (!made) return refuse(made.error());
  for (const auto& role : *made) fmt::print("made the role {}\n", role);
  std::fflush(stdout);
  const auto end = run_tool({.command = {"pg_restore", "--exit-on-error", "--single-transaction",
                                         "--no-tablespaces", restoration.file},
                             .url = url,
                             .list = restorable_entries(*list),
                             .output = STDERR_FILENO});
  if (!end) return refuse(end.error());
  if (!end->succeeded) return refuse("pg_restore has failed, and has left nothing in the database");
  fmt::print("restored {}\n", restoration.file);
  return restoration.finish();
}

}  // namespace

int restore_command(Arguments arguments) {
  const auto line = read_word_and_options(kLine, arguments);
  if (!line) return line.error();
  const auto config = read_command_config(line->options);
  if (!config) return config.error();
  Restoration restoration{.config = *config,
                          .source = find_config_files(line->options, installed_prefix()).source,
                          .file = line->word,
                          .sql_folder = line->options.value("sql", share_folder("sql")),
                          .new_keys = line->options.has("new-keys")};
  return restore(restoration);
}

}  // namespace tasklane
