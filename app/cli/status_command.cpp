#include "cli/status_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/exit_codes.h"
#include "cli/config_files.h"
#include "cli/control_commands.h"
#include "cli/fastcgi_client.h"
#include "cli/status_facts.h"
#include "cli/status_table.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {Option{"watch", "", "refresh every second until Ctrl-C"},
                                 Option{"json", "", "print JSON instead: that of /status, with the rest"},
                                 Option{"socket", "PATH", "ask there; the configuration is not read then"},
                                 kEnvFileOption};

constexpr CommandLine kLine = {
    .usage = "tasklane status [--watch] [--json] [--socket PATH] [--env-file FILE]",
    .about =
        "Asks the workers at FASTCGI_SOCKET what they are doing; nginx has no part in it. Needs the right "
        "to\n"
        "open the socket. Exits 111 when no worker answers. With the right to open the control socket, too,\n"
        "it tells why the last reload failed. Once, and with the right to read the configuration, it asks "
        "the database, too,\n"
        "and looks at keys and certificate; with --watch or --socket it does not.",
    .options = kOptions};

constexpr std::chrono::milliseconds kStatusTimeout{2'000};
constexpr std::chrono::seconds kStatusInterval{1};

bool wants_colours() {
  const char* none = std::getenv("NO_COLOR");  // no-color.org
  return ::isatty(STDOUT_FILENO) == 1 && (none == nullptr || *none == '\0');
}

// The text to show; a sentence when there is none. The database is asked when there is a configuration.
std::expected<std::string, std::string> look(const std::string& socket, bool as_json, StatusTable& table,
                                             const Config* config) {
  const auto answer = fastcgi_get(socket, "/status", kStatusTimeout);
  if (!answer) return answer;
  const std::string metrics = fastcgi_get(socket, "/metrics", kStatusTimeout).value_or("");
  const StatusFacts facts = config != nullptr ? look_around(*config, metrics) : look_around(metrics);
  if (as_json) return facts_json(facts, *answer) + '\n';
  auto text = table.render(*answer, ask_master(socket, "status", kStatusTimeout).value_or(""));
  if (text) *text += '\n' + facts_text(facts, std::time(nullptr));
  return text;
}

// Until SIGINT or SIGTERM, which are blocked and waited for: a refresh is never cut in two.
int watch(const std::string& socket, bool as_json, StatusTable& table) {
  sigset_t ends;
  ::sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaddset(&ends, signal);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const timespec interval{.tv_sec = kStatusInterval.count(), .tv_nsec = 0};
  do {
    const auto text = look(socket, as_json, table, nullptr);
    if (terminal) fmt::print("\x1b[H\x1b[2J");
    fmt::print("{}{}", text ? *text : fmt::format("tasklane: {}\n", text.error()), as_json ? "" : "\n");
    if (std::fflush(stdout) != 0) return kExitFailure;  // nobody reads any more
  } while (::sigtimedwait(&ends, nullptr, &interval) < 0);
  return kExitOk;
}

}  // namespace

int status_command(Arguments arguments) {
  const auto options = read_options(kLine, arguments);
  if (!options) return options.error();
  std::string socket = options->value("socket");
  if (socket.empty()) {
    const auto found = read_command_socket(*options);
    if (!found) return found.error();
    socket = *found;
  }
  const bool as_json = options->has("json");
  StatusTable table(wants_colours());
  if (options->has("watch")) return watch(socket, as_json, table);
  // Without one, as with --socket, what needs none is shown.
  ConfigSource source = find_config_files(*options, installed_prefix()).source;
  const auto config = options->has("socket") ? std::unexpected(ConfigMistakes()) : read_config(source);
  const auto text = look(socket, as_json, table, config ? &*config : nullptr);
  if (!text) {
    fmt::print(stderr, "tasklane: {}\n", text.error());
    return kExitTemporary;
  }
  fmt::print("{}", *text);
  return kExitOk;
}

}  // namespace tasklane
