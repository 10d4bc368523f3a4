#include "cli/migrate_command.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "base/exit_codes.h"
#include "cli/role_login.h"
#include "schema/migrations.h"
#include "schema/restoration.h"
#include "schema/user_records.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {
    Option{"login", "", "let the role of DATABASE_URL log in, with the password there, if it may not yet"},
    Option{"sql", "DIR", "the folder of numbered SQL files (default: the installed one)"}, kEnvFileOption};

constexpr CommandLine kLine = {
    .usage = "tasklane migrate [--login] [--sql DIR] [--env-file FILE]",
    .about =
        "Applies the SQL files that the database of DATABASE_URL_DIRECT (or DATABASE_URL) has not seen yet.\n"
        "Safe to run again, and from several hosts at once. Exits 111 when the database cannot be reached,\n"
        "1 also when the role that serves was not made, or has not got its rights or settings: it says what "
        "is left to do.",
    .options = kOptions};

int give_up(const DatabaseError& error) {
  fmt::print(stderr, "tasklane: {}\n", error.sentence);
  return error.kind == DatabaseError::Kind::temporary ? kExitTemporary : kExitFailure;
}

// What the database has not let this role do for the workers' one.
int tell_undone(const Config& config) {
  const auto undone = undone_for(config.database_url_direct, role_of(config.database_url));
  if (!undone) return give_up(undone.error());
  for (const auto& sentence : *undone) fmt::print(stderr, "tasklane: left undone: {}\n", sentence);
  return undone->empty() ? kExitOk : kExitFailure;
}

}  // namespace

int migrate_command(Arguments arguments) {
  const auto options = read_options(kLine, arguments);
  if (!options) return options.error();
  const auto config = read_command_config(*options);
  if (!config) return config.error();

  const auto report = migrate(config->database_url_direct, options->value("sql", share_folder("sql")));
  if (!report) return give_up(report.error());
  for (const auto& name : report->applied) fmt::print("applied {}\n", name);
  fmt::print("the schema is at version {}\n", report->version);
  if (report->pooled) {
    fmt::print(
        stderr,
        "tasklane: this went through a pooler, whose time limits may cut a long migration short: give the"
        " server's own address as DATABASE_URL_DIRECT\n");
  }
  if (options->has("login")) {
    if (const auto admitted = admit_role_of(config->database_url, config->database_url_direct); !admitted)
      return give_up(admitted.error());
  }
  if (config->jwks_database) {
    if (const auto watched = watch_users(config->database_url_direct, config->jwks_table); !watched)
      return give_up(watched.error());
  }
  return tell_undone(*config);
}

}  // namespace tasklane
