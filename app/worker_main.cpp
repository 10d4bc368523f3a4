// tasklane-worker: one event loop that answers requests. Started by tasklane-master, which hands it the
// listening socket, a pipe to say "ready" on and the shared metrics.

#include "base/awaitable.h"

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "base/config.h"
#include "base/exit_codes.h"
#include "base/handed_values.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/options.h"
#include "worker/worker.h"

namespace {

using namespace tasklane;

constexpr char kUsage[] =
    "usage: tasklane-worker\n"
    "\n"
    "Answers requests for tasklane-master, which starts it; not meant to be run by hand.\n";

// All signals come through a descriptor in the loop.
Descriptor block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  sigprocmask(SIG_SETMASK, &signals, nullptr);
  return Descriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

// A shell's soft limit of 1,024 descriptors is fewer than nginx may open connections.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log::warning("cannot raise the limit of open files");
}

// The configuration of this worker's generation.
std::expected<Config, ConfigMistakes> read_handed_config(int fd) {
  const auto values = read_handed_values(fd);
  if (!values) return std::unexpected(ConfigMistakes{values.error()});
  return read_config(*values);
}

bool keys_are_kept(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_size > 0;
}

int refuse(const ConfigMistakes& mistakes) {
  std::string all;
  for (const auto& mistake : mistakes) {
    std::fprintf(stderr, "tasklane-worker: %s\n", mistake.c_str());
    all += (all.empty() ? "" : "; ") + mistake;
  }
  tell_failure(all);
  return kExitConfiguration;
}

[[noreturn]] void serve(const Config& config, Inherited& inherited) {
  Descriptor signals = block_signals();
  raise_descriptor_limit();
  Metrics metrics = Metrics::open(std::move(inherited.metrics));
  boost::asio::io_context loop(1);
  Worker worker(loop, config, std::move(inherited), std::move(signals), metrics);
  worker.start();
  loop.run();
  log::info("stopped");
  // No heartbeat is waited for any more: what is left is bounded by the time to drain.
  clear_gauges(metrics.layout().workers[inherited.slot]);
#if defined(__SANITIZE_ADDRESS__)
  __lsan_do_leak_check();  // what _Exit would pass over
#endif
  // Connections to the database and idle coroutines still refer to each other; the process is over, so nobody
  // needs to take them apart.
  std::_Exit(worker.exit_status());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> behind_name(argv + 1, argv + argc);
  if (const auto options = read_program_options("tasklane-worker", kUsage, {}, behind_name); !options)
    return options.error();
  auto inherited = inherit();
  if (!inherited) {
    log::error("tasklane-worker is started by tasklane-master, not by hand");
    return kExitUsage;
  }
  const auto config = read_handed_config(inherited->values.get());
  if (!config) return refuse(config.error());
  log::set_up("worker", config->log_level, config->log_format);
  // What others of this generation started with, this one does, too: the key file may have gone since.
  const auto mistakes = start_mistakes(*config);
  if (!mistakes.empty() && !keys_are_kept(inherited->keys.get())) return refuse(mistakes);
  try {
    serve(*config, *inherited);
  } catch (const std::exception& error) {
    log::error("cannot serve", {{"error", error.what()}});
    tell_failure(std::string("cannot serve: ") + error.what());
    return kExitFailure;
  }
}
