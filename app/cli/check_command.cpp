#include "cli/check_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "auth/jwks_file.h"
#include "base/env_file.h"
#include "base/exit_codes.h"
#include "base/state_files.h"
#include "cli/config_files.h"
#include "cli/connection_inspection.h"
#include "cli/env_inspection.h"
#include "cli/example_values.h"
#include "cli/host_inspection.h"
#include "cli/nginx_inspection.h"
#include "cli/write_inspection.h"
#include "postgres/connection_pool.h"
#include "schema/inspection.h"
#include "store/start_mistakes.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {
    Option{"test", "", "look at this host, too: secret, socket, limits, TLS files, nginx's other sites", 't'},
    Option{"show", "", "print every setting in force, secrets masked", 'T'},
    Option{"db", "", "look at the database, too"},
    Option{"sql", "DIR", "with --db: the folder of numbered SQL files (default: the installed one)"},
    kEnvFileOption};

constexpr CommandLine kLine = {
    .usage = "tasklane check [-t] [-T] [--db] [--sql DIR] [--env-file FILE]",
    .about =
        "Reads the configuration as the master and the workers would and reports every mistake by name\n"
        "(exit 100). With -t, also whether this host fits it; run it as the user that runs tasklane-master.\n"
        "With --db, also whether a worker reaches the database (else exit 111) and how long that takes,\n"
        "whether it is migrated, gives the role of DATABASE_URL what it needs and no more, and lets the\n"
        "workers' statements read and write (exit 1 when they could not serve).",
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

// Whether all is fit to serve.
bool tell(const std::vector<Finding>& findings) {
  for (const auto& finding : findings) fmt::print("{}: {}\n", prefix(finding.level), finding.sentence);
  return std::ranges::none_of(findings, [](const Finding& f) { return f.level == Finding::Level::bad; });
}

int give_up(const DatabaseError& error) {
  fmt::print(stderr, "tasklane: {}\n", error.sentence);
  return error.kind == DatabaseError::Kind::temporary ? kExitTemporary : kExitFailure;
}

// The host's nginx in its own words; empty where there is none, or it may not read all of its files.
std::string nginx_configuration() {
  const auto close = [](std::FILE* file) { ::pclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> output(
      ::popen("PATH=\"$PATH:/usr/sbin\" nginx -T 2>/dev/null", "r"));
  std::string text;
  std::array<char, 4096> piece{};
  while (output) {
    const std::size_t count = std::fread(piece.data(), 1, piece.size(), output.get());
    if (count == 0) break;
    text.append(piece.data(), count);
  }
  return text;
}

// Mistakes that the rules of single settings do not find: the workers', the web app's, examples left in
// place.
ConfigMistakes further_mistakes(const Config& config, const std::string& env_text) {
  ConfigMistakes mistakes = start_mistakes(config);
  if (config.database_url_direct != config.database_url) {
    if (const auto why = ConnectionPool::mistake_in(config.database_url_direct); !why.empty())
      mistakes.push_back("DATABASE_URL_DIRECT cannot be used: " + why);
  }
  for (const auto& more : {example_values(config), web_app_mistakes(env_text, config.database_url)})
    mistakes.insert(mistakes.end(), more.begin(), more.end());
  return mistakes;
}

void tell_skipped_keys(const Config& config) {
  if (!config.jwks_file) return;
  const auto file = read_key_file(*config.jwks_file, rsa_algorithm(config));
  if (!file) return;
  for (const auto& skipped : file->skipped) fmt::print("warning: AUTH_JWKS: {}\n", skipped);
}

}  // namespace

// First as a worker connects. A statement that cannot be prepared has its cause in what is inspected then: a
// missing migration, a right.
int check_database(const Config& config, const std::string& sql_folder) {
  const auto times = time_connection(config.database_url);
  if (!times && times.error().reason != ConnectFailure::unprepared)
    return give_up(connection_error("connecting", config.database_url, times.error().why));
  if (times) tell(judge(*times));
  if (is_there(config.state_folder + kReadOnlyFile))
    tell({{Finding::Level::warning,
           "read-only is on: this host's workers answer writes with 503; tasklane read-only off"}});
  const auto findings = inspect({.url = config.database_url,
                                 .direct_url = config.database_url_direct,
                                 .sql_folder = sql_folder,
                                 .keys_table = config.jwks_database ? config.jwks_table : "",
                                 .workers = config.workers,
                                 .connections = config.database_connections});
  if (!findings) return give_up(findings.error());
  bool fit = tell(*findings);
  if (times && config.jwks_database)
    fit = tell(judge(read_database_keys(config.database_url, key_origin(config)))) && fit;
  if (fit && !times) fmt::print("error: workers {}\n", times.error().why);
  return fit && times && tell({inspect_writes(config.database_url)}) ? kExitOk : kExitFailure;
}

int check_command(Arguments arguments) {
  const auto options = read_options(kLine, arguments);
  if (!options) return options.error();
  const auto config = read_command_config(*options);
  if (!config) return config.error();
  if (options->has("show")) fmt::print("{}", describe(*config));
  const ConfigSource source = find_config_files(*options, installed_prefix()).source;
  const std::string env_text = read_env_text(source.env_file, false).value_or("");
  if (const auto mistakes = further_mistakes(*config, env_text); !mistakes.empty()) {
    for (const auto& mistake : mistakes) fmt::print(stderr, "tasklane: {}\n", mistake);
    return kExitConfiguration;
  }
  fmt::print("configuration is valid\n");
  tell_closed_files(*options);
  tell(inspect_env(source.env_file, env_text, environ));
  tell_skipped_keys(*config);
  bool fits = true;
  if (options->has("test")) {
    fits = tell(inspect_host(*config));
    fits = tell(inspect_nginx(*config, nginx_configuration())) && fits;
  }
  std::fflush(stdout);  // ahead of what stderr may say
  const int database =
      options->has("db") ? check_database(*config, options->value("sql", share_folder("sql"))) : kExitOk;
  return fits ? database : kExitFailure;
}

}  // namespace tasklane
