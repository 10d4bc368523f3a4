// `tasklane`, the operator's command: one table of commands, each in cli/.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <vector>

#include "base/exit_codes.h"
#include "base/version.h"
#include "cli/backup_command.h"
#include "cli/check_command.h"
#include "cli/control_commands.h"
#include "cli/migrate_command.h"
#include "cli/mode_commands.h"
#include "cli/nginx_command.h"
#include "cli/restore_command.h"
#include "cli/setup_command.h"
#include "cli/status_command.h"
#include "cli/token_command.h"
#include "cli/user_command.h"

namespace tasklane {
namespace {

constexpr std::array kCommands = {
    Command{"setup", "set this host up, from the package to a page to sign up at", setup_command},
    Command{"migrate", "bring the database's schema up to date", migrate_command},
    Command{"check",
            "say whether the configuration (with -t this host, with --db the database) is fit to serve",
            check_command},
    Command{"backup", "write the whole database to a file", backup_command},
    Command{"restore", "fill an empty database from such a file", restore_command},
    Command{"status", "show what the workers are doing", status_command},
    Command{"token", "print a token for a user, for development and curl", token_command},
    Command{"user", "show, block, sign out, export or delete a user", user_command},
    Command{"reload", "have the master replace all workers, with the configuration as it is now",
            reload_command},
    Command{"upgrade", "have the master execute its new program in place, and reload", upgrade_command},
    Command{"drain", "have /readyz say 503, so that load balancers turn away before a stop", drain_command},
    Command{"maintenance", "have nginx answer 503, with a message, to all but operators",
            maintenance_command},
    Command{"read-only", "have workers serve reads and refuse writes", read_only_command},
    Command{"pool", "print what the master says of itself and its workers", pool_command},
    Command{"nginx-config", "render nginx's configuration", nginx_config_command}};

void print_usage(std::FILE* out) {
  fmt::print(out, "Usage: tasklane COMMAND [OPTION]…\n\nCommands:\n");
  for (const Command& command : kCommands) fmt::print(out, "  {:<14}{}\n", command.name, command.summary);
  fmt::print(out,
             "\ntasklane COMMAND --help explains one; --version prints the version.\n"
             "Exit status: 0 done, 1 failed, 2 wrong usage, 100 wrong configuration, 111 try again later.\n");
}

int run(Arguments words) {
  if (words.empty()) {
    print_usage(stderr);
    return kExitUsage;
  }
  if (words[0] == "--help") {
    print_usage(stdout);
    return kExitOk;
  }
  if (words[0] == "--version") {
    fmt::print("tasklane {}\n", kVersion);
    return kExitOk;
  }
  const auto command = std::ranges::find(kCommands, words[0], &Command::name);
  if (command == kCommands.end()) {
    fmt::print(stderr, "tasklane: there is no command of that name\n");
    print_usage(stderr);
    return kExitUsage;
  }
  return command->run(words.subspan(1));
}

}  // namespace
}  // namespace tasklane

int main(int count, char** words) {
  try {
    const std::vector<std::string_view> arguments(words + 1, words + count);
    const int status = tasklane::run(arguments);
    // A full disk or a closed pipe must not look like success.
    return std::fflush(stdout) == 0 ? status : tasklane::kExitFailure;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tasklane: {}\n", error.what());
    return tasklane::kExitFailure;
  }
}
