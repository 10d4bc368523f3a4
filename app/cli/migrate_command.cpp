#include "cli/migrate_command.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "base/exit_codes.h"
#include "postgres/libpq_connection.h"
#include "schema/migrations.h"
#include "schema/restoration.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {
    Option{"sql", "DIR", "the folder of numbered SQL files (default: the installed one)"}, kEnvFileOption};

constexpr CommandLine kLine = {
    .usage = "tasklane migrate [--sql DIR] [--env-file FILE]",
    .about =
        "Applies the SQL files that the database of DATABASE_URL_DIRECT (or DATABASE_URL) has not seen yet.\n"
        "Safe to run again, and from several hosts at once. Exits 111 when the database cannot be reached,\n"
        "1 also when the role that serves was not made, or has not got its rights or settings: it says what "
        "is left to do.",
    .options = kOptions};

// What the database has not let this role do for the workers' one.
int tell_undone(const Config& config) {
  const auto keywords = parse_connection_url(config.database_url);
  const auto undone = undone_for(config.database_url_direct, keywords ? value_of(*keywords, "user") : "");
  if (!undone) {
    fmt::print(stderr, "tasklane: {}\n", undone.error().sentence);
    return undone.error().kind == DatabaseError::Kind::temporary ? kExitTemporary : kExitFailure;
  }
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
  if (!report) {
    fmt::print(stderr, "tasklane: {}\n", report.error().sentence);
    return report.error().kind == DatabaseError::Kind::temporary ? kExitTemporary : kExitFailure;
  }
  for (const auto& name : report->applied) fmt::print("applied {}\n", name);
  fmt::print("the schema is at version {}\n", report->version);
  if (report->pooled) {
    fmt::print(
        stderr,
        "tasklane: this went through a pooler, whose time limits may cut a long migration short: give the"
        " server's own address as DATABASE_URL_DIRECT\n");
  }
  return tell_undone(*config);
}

}  // namespace tasklane
