// tasklane-master: binds the FastCGI socket, then starts, watches and drains the workers that serve it.
// Knows no HTTP, no JSON and no SQL.

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
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
#include "base/version.h"
#include "supervisor/listen_socket.h"
#include "supervisor/master.h"
#include "supervisor/pid_file.h"

namespace {

using namespace tasklane;

constexpr char kUsage[] =
    "usage: tasklane-master [--env-file FILE] [--pid-file FILE]\n"
    "\n"
    "Binds FASTCGI_SOCKET and keeps WORKERS worker processes serving it.\n"
    "\n"
    "  --env-file FILE  configuration for what the environment leaves unset (default: .env, if it is there)\n"
    "  --pid-file FILE  holds the process id while the socket is bound\n"
    "  --help, --version\n"
    "\n"
    "Signals: SIGTERM, SIGINT, SIGQUIT drain (a second one kills), SIGHUP replaces the workers.\n"
    "Exit status: 0 drained, 1 a worker had to be killed, 2 usage, 100 configuration, 111 try again later.\n";

struct Arguments {
  std::optional<std::string> env_file;
  std::optional<std::string> pid_file;
};

// The arguments, or the exit status when the command line is already answered.
std::expected<Arguments, int> parse_arguments(int argc, char** argv) {
  Arguments arguments;
  const auto refuse = [](const std::string& why) {
    fmt::print(stderr, "tasklane-master: {}\n{}", why, kUsage);
    return std::unexpected(kExitUsage);
  };
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "--version") {
      fmt::print("{}",
                 word == "--help" ? std::string(kUsage) : fmt::format("tasklane-master {}\n", kVersion));
      return std::unexpected(kExitOk);
    }
    if (word != "--env-file" && word != "--pid-file") return refuse(fmt::format("unknown argument {}", word));
    if (i + 1 == argc || *argv[i + 1] == '\0') return refuse(fmt::format("{} needs a file", word));
    (word == "--env-file" ? arguments.env_file : arguments.pid_file) = argv[++i];
  }
  return arguments;
}

std::optional<Config> read_configuration(const Arguments& arguments) {
  ConfigSource source;
  if (arguments.env_file) source = {.env_file = *arguments.env_file, .env_file_required = true};
  auto config = read_config(source);
  if (config) return std::move(*config);
  for (const auto& mistake : config.error()) fmt::print(stderr, "tasklane-master: {}\n", mistake);
  return std::nullopt;
}

// The worker stands beside the master. It reads the configuration itself, from the same file.
WorkerCommand worker_command(const Arguments& arguments) {
  WorkerCommand command;
  command.path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "tasklane-worker";
  if (arguments.env_file) command.arguments = {"--env-file", *arguments.env_file};
  return command;
}

int serve(const Arguments& arguments, const Config& config) {
  const WorkerCommand worker = worker_command(arguments);
  if (::access(worker.path.c_str(), X_OK) != 0) {
    log::error("no worker to start", {{"path", worker.path}, {"error", std::strerror(errno)}});
    return kExitConfiguration;
  }
  Metrics metrics = Metrics::create();
  Master master({.worker = worker,
                 .workers = static_cast<std::size_t>(config.workers),
                 .drain_timeout = config.drain_timeout},
                metrics);
  const auto socket = ListenSocket::bind(
      {.path = config.socket_path, .group = config.socket_group, .mode = config.socket_mode});
  if (!socket) {
    log::error("cannot listen", {{"reason", socket.error().sentence}});
    return socket.error().exit_code;
  }
  if (const auto backlog = kernel_backlog_max(); backlog && *backlog < limits::kListenBacklog)
    log::warning("net.core.somaxconn is too low: bursts will be answered 502",
                 {{"somaxconn", *backlog}, {"wanted", limits::kListenBacklog}});
  std::optional<PidFile> pid_file;
  if (arguments.pid_file) {
    auto written = PidFile::write(*arguments.pid_file);
    if (!written) {
      log::error("cannot write the pid file", {{"reason", written.error()}});
      return kExitConfiguration;
    }
    pid_file.emplace(std::move(*written));
  }
  log::info("master started",
            {{"version", kVersion}, {"socket", config.socket_path}, {"workers", config.workers}});
  const int exit_code = master.run(socket->fd());
  log::info("master stopped", {{"status", exit_code}});
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) return arguments.error();
  const auto config = read_configuration(*arguments);
  if (!config) return kExitConfiguration;
  log::set_up("master", config->log_level, config->log_format);
  return serve(*arguments, *config);
} catch (const std::exception& exception) {
  log::error("master failed", {{"error", exception.what()}});
  return kExitTemporary;
}
