// tasklane-master: binds the FastCGI socket, then starts, watches and drains the workers that serve it.
// Knows no HTTP, no JSON and no SQL.

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>

#include "base/config.h"
#include "base/exit_codes.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/options.h"
#include "base/text.h"
#include "base/version.h"
#include "supervisor/handover.h"
#include "supervisor/listen_socket.h"
#include "supervisor/master.h"
#include "supervisor/pid_file.h"
#include "supervisor/successor.h"

namespace {

using namespace tasklane;

constexpr char kUsage[] =
    "usage: tasklane-master [--env-file FILE] [--pid-file FILE]\n"
    "\n"
    "Binds FASTCGI_SOCKET (and FASTCGI_LISTEN) and keeps WORKERS worker processes serving it.\n"
    "\n"
    "  --env-file FILE  configuration for what the environment leaves unset (default: .env, if it is there)\n"
    "  --pid-file FILE  holds the process id while the socket is bound\n"
    "  --help, --version\n"
    "\n"
    "Signals: SIGTERM, SIGINT, SIGQUIT drain, after DRAIN_DELAY_SECONDS (a second one at once, one more\n"
    "kills), SIGHUP reloads the configuration and\n"
    "replaces the workers, SIGUSR2 executes the file of this program anew in place (tasklane reload, "
    "upgrade).\n"
    "Exit status: 0 drained, 1 a worker had to be killed, 2 usage, 100 configuration, 111 try again later.\n";

constexpr Option kPidFile{"pid-file", "FILE"};
constexpr Option kCheckState{std::string_view(kCheckStateOption).substr(2)};  // a running master asks

// How this program was called.
struct Invocation {
  Options options;
  std::vector<std::string> words;  // argv
};

Reading reading(const Config& config) {
  const auto workers = static_cast<std::size_t>(config.workers);
  const PoolSettings pool{.workers = workers, .drain_timeout = config.drain_timeout};
  const RetireAt retire_at{.requests = config.worker_requests_max,
                           .rss_bytes = config.worker_rss_max_mib * 1024 * 1024};
  return {.adjustable = {.pool = pool,
                         .retire_at = retire_at,
                         .drain_delay = config.drain_delay,
                         .cpu_affinity = config.worker_cpu_affinity,
                         .log_level = config.log_level,
                         .log_format = config.log_format},
          .values = config.given};
}

// Where the service listens: FASTCGI_SOCKET and FASTCGI_LISTEN.
struct Places {
  std::string socket, tcp;
};

std::expected<Reading, std::string> reread(const Invocation& invocation, const Places& places) {
  const auto config = read_config(config_source(invocation.options));
  if (!config) return std::unexpected(fmt::format("{}", fmt::join(config.error(), "; ")));
  if (config->socket_path != places.socket)
    return std::unexpected(
        fmt::format("FASTCGI_SOCKET cannot change from {} by a reload: restart", places.socket));
  if (config->fastcgi_listen != places.tcp)
    return std::unexpected(fmt::format("FASTCGI_LISTEN cannot change from {} by a reload: restart",
                                       places.tcp.empty() ? "nothing" : places.tcp));
  return reading(*config);
}

struct Sockets {
  ListenSocket listener;
  std::optional<ListenSocket> control;
  std::optional<ListenSocket> tcp;
  std::string tcp_address;
};

// The operator's command cannot reach a master without it; that is no reason not to serve.
std::optional<ListenSocket> bind_control(const std::string& socket_path) {
  auto control = ListenSocket::bind({.path = socket_path + kControlSuffix, .mode = 0600});
  if (control) return std::move(*control);
  log::warning("no control socket: only signals reach this master", {{"reason", control.error().sentence}});
  return std::nullopt;
}

std::expected<ListenSocket, ListenRefusal> find_listener(const Config& config) {
  auto inherited = ListenSocket::inherit();
  if (!inherited) return std::unexpected(inherited.error());
  if (!*inherited)
    return ListenSocket::bind(
        {.path = config.socket_path, .group = config.socket_group, .mode = config.socket_mode});
  if ((*inherited)->bound_path() != config.socket_path)
    return std::unexpected(
        ListenRefusal{fmt::format("FASTCGI_SOCKET is {}, but the inherited socket listens at {}",
                                  config.socket_path, (*inherited)->bound_path()),
                      kExitConfiguration});
  return std::move(**inherited);
}

std::expected<Sockets, ListenRefusal> open_sockets(const Config& config) {
  auto listener = find_listener(config);
  if (!listener) return std::unexpected(listener.error());
  if (const auto backlog = kernel_backlog_max(); backlog && *backlog < limits::kListenBacklog)
    log::warning("net.core.somaxconn is too low: bursts will be answered 502",
                 {{"somaxconn", *backlog}, {"wanted", limits::kListenBacklog}});
  Sockets sockets{std::move(*listener), bind_control(config.socket_path), std::nullopt,
                  config.fastcgi_listen};
  if (!config.fastcgi_listen.empty()) {
    auto tcp = ListenSocket::bind_tcp(config.fastcgi_listen);
    if (!tcp) return std::unexpected(tcp.error());
    sockets.tcp.emplace(std::move(*tcp));
  }
  return sockets;
}

Sockets adopt_sockets(const Handover& handover) {
  Sockets sockets{ListenSocket::adopt(Descriptor(handover.listen_fd), handover.listen_path), std::nullopt,
                  std::nullopt, handover.tcp_address};
  if (handover.tcp_listen_fd >= 0)
    sockets.tcp.emplace(ListenSocket::adopt(Descriptor(handover.tcp_listen_fd), ""));
  if (handover.control_fd >= 0)
    sockets.control.emplace(ListenSocket::adopt(Descriptor(handover.control_fd), handover.control_path));
  return sockets;
}

// An earlier version's numbers cannot be counted on: its workers keep them for themselves, and soon go.
Metrics adopt_metrics(const Handover& handover) {
  try {
    return Metrics::open(Descriptor(handover.metrics_fd));
  } catch (const std::system_error& error) {
    log::warning("the metrics begin anew", {{"why", error.what()}});
    return Metrics::create();
  }
}

// The worker stands beside the master.
MasterSettings master_settings(const Invocation& invocation, Places places) {
  return {.worker = {.path = std::filesystem::path(own_executable()).parent_path() / "tasklane-worker"},
          .reread = [invocation, places = std::move(places)] { return reread(invocation, places); },
          .executable = own_executable(),
          .command = invocation.words};
}

int run(Master& master, const Sockets& sockets, const Invocation& invocation) {
  std::optional<PidFile> pid_file;
  if (invocation.options.has(kPidFile.name)) {
    auto written = PidFile::write(invocation.options.value(kPidFile.name));
    if (!written) {
      log::error("cannot write the pid file", {{"reason", written.error()}});
      return kExitConfiguration;
    }
    pid_file.emplace(std::move(*written));
  }
  MasterSockets used{.listen_fd = sockets.listener.fd(), .listen_path = sockets.listener.path()};
  if (sockets.control) {
    used.control_fd = sockets.control->fd();
    used.control_path = sockets.control->path();
  }
  if (sockets.tcp) {
    used.tcp_listen_fd = sockets.tcp->fd();
    used.tcp_address = sockets.tcp_address;
  }
  const int exit_code = master.run(used);
  log::info("master stopped", {{"status", exit_code}});
  return exit_code;
}

int serve(const Invocation& invocation) {
  const auto config = read_config(config_source(invocation.options));
  if (!config) {
    for (const auto& mistake : config.error()) fmt::print(stderr, "tasklane-master: {}\n", mistake);
    return kExitConfiguration;
  }
  log::set_up("master", config->log_level, config->log_format);
  const auto settings = master_settings(invocation, {config->socket_path, config->fastcgi_listen});
  if (::access(settings.worker.path.c_str(), X_OK) != 0) {
    log::error("no worker to start", {{"path", settings.worker.path}, {"error", std::strerror(errno)}});
    return kExitConfiguration;
  }
  Metrics metrics = Metrics::create();
  Master master(settings, metrics, reading(*config));
  const auto sockets = open_sockets(*config);
  if (!sockets) {
    log::error("cannot listen", {{"reason", sockets.error().sentence}});
    return sockets.error().exit_code;
  }
  log::info("master started", {{"version", kVersion},
                               {"socket", config->socket_path},
                               {"tcp", config->fastcgi_listen},
                               {"workers", config->workers}});
  return run(master, *sockets, invocation);
}

// In place of an earlier executable. Its settings stay in force until a reload brings the file's, so that a
// mistake in there does not end a service that runs.
int take_over(const Invocation& invocation, const Handover& handover) {
  const auto serving = std::ranges::find(handover.pool.generations, Role::serving, &Generation::role);
  const auto given =
      std::ranges::find(handover.generations, serving->number, &Handover::GivenGeneration::number);
  log::set_up("master", given->adjustable.log_level, given->adjustable.log_format);
  const Sockets sockets = adopt_sockets(handover);
  Metrics metrics = adopt_metrics(handover);
  Master master(master_settings(invocation, {sockets.listener.bound_path(), sockets.tcp_address}), metrics,
                handover);
  log::info("master took over", {{"version", kVersion}, {"workers", handover.pool.settings.workers}});
  return run(master, sockets, invocation);
}

// The state in the descriptor that the environment names, which is closed; empty: there is none.
std::expected<std::optional<Handover>, std::string> inherited_state() {
  const char* const text = std::getenv(kStateVariable);
  if (text == nullptr) return std::nullopt;
  const Descriptor fd(parse_number<int>(text).value_or(-1));
  auto state = read_state(fd.get());
  ::unsetenv(kStateVariable);
  if (!state) return std::unexpected(state.error());
  for (const int each : state->descriptors()) ::fcntl(each, F_SETFD, FD_CLOEXEC);
  return std::move(*state);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string_view> behind_name(argv + 1, argv + argc);
  auto options = read_program_options("tasklane-master", kUsage,
                                      std::array{kEnvFileOption, kPidFile, kCheckState}, behind_name);
  if (!options) return options.error();
  const Invocation invocation{std::move(*options), {argv, argv + argc}};
  const auto state = inherited_state();
  if (!state) {
    fmt::print(stderr, "tasklane-master: {}\n", state.error());
    return kExitFailure;
  }
  if (invocation.options.has(kCheckState.name)) return *state ? kExitOk : kExitUsage;
  return *state ? take_over(invocation, **state) : serve(invocation);
} catch (const std::exception& exception) {
  log::error("master failed", {{"error", exception.what()}});
  return kExitTemporary;
}
