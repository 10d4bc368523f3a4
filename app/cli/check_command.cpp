#include "cli/check_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/exit_codes.h"
#include "cli/arguments.h"
#include "postgres/inspection.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {
    Option{"db", "", "look at the database, too"},
    Option{"show", "", "print every setting in force, secrets masked"},
    Option{"sql", "DIR", "with --db: the folder of numbered SQL files (default: the installed one)"},
    kEnvFileOption};

constexpr CommandLine kLine = {
    .usage = "tasklane check [--db] [--show] [--sql DIR] [--env-file FILE]",
    .about =
        "Reads the configuration as the master and the workers would and reports every mistake by name\n"
        "(exit 100). With --db, also whether the database can be reached (else exit 111), is migrated, and\n"
        "gives the role of DATABASE_URL what it needs and no more (exit 1 when the workers could not serve).",
    .options = kOptions};

std::string_view prefix(Finding::Level level) {
  switch (level) {
    case Finding::Level::good:
      return "ok";
    case Finding::Level::warning:
      return "warning";
    case Finding::Level::bad:
      return "error";
  }
  return {};  // not reached: every level is listed
}

int check_database(const Config& config, const std::string& sql_folder) {
  const auto findings = inspect({.url = config.database_url,
                                 .direct_url = config.database_url_direct,
                                 .sql_folder = sql_folder,
                                 .keys_needed = config.jwks_database});
  if (!findings) {
    fmt::print(stderr, "tasklane: {}\n", findings.error().sentence);
    return findings.error().kind == DatabaseError::Kind::temporary ? kExitTemporary : kExitFailure;
  }
  for (const auto& finding : *findings) fmt::print("{}: {}\n", prefix(finding.level), finding.sentence);
  const bool bad =
      std::ranges::any_of(*findings, [](const Finding& f) { return f.level == Finding::Level::bad; });
  return bad ? kExitFailure : kExitOk;
}

}  // namespace

int check_command(Arguments arguments) {
  const auto options = read_options(kLine, arguments);
  if (!options) return options.error();
  const auto config = read_command_config(*options);
  if (!config) return config.error();
  if (options->has("show")) fmt::print("{}", describe(*config));
  fmt::print("configuration is valid\n");
  std::fflush(stdout);  // ahead of what stderr may say
  if (!options->has("db")) return kExitOk;
  return check_database(*config, options->value("sql", share_folder("sql")));
}

}  // namespace tasklane
