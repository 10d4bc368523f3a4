// tasklane-worker: one event loop that answers requests. Started by tasklane-master, which hands it the listening
// socket, a pipe to say "ready" on and the shared metrics (base/descriptors.h).

#include <utility>  // Boost 1.74's awaitable.hpp needs it first

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/signalfd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <system_error>

#include "api/api.h"
#include "auth/jwks_file.h"
#include "base/config.h"
#include "base/descriptors.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/version.h"
#include "fastcgi/acceptor.h"
#include "postgres/pg_key_source.h"
#include "postgres/pg_task_store.h"
#include "postgres/statements.h"

namespace asio = boost::asio;
using namespace tasklane;

namespace {

constexpr std::chrono::seconds kKeyFileTick{1};

// All signals come through a descriptor in the loop: a handler would interrupt libfcgi's reads (signal(7)).
Descriptor block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  sigprocmask(SIG_SETMASK, &signals, nullptr);
  return Descriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

struct Inheritance {
  Descriptor listener{kListenFd};
  Descriptor ready{kReadyFd};
  Descriptor metrics{kMetricsFd};
  std::size_t slot = 0;
  std::uint64_t generation = 0;
};

std::optional<Inheritance> inherit() {
  const char* slot = std::getenv(kSlotVariable);
  const char* generation = std::getenv(kGenerationVariable);
  if (slot == nullptr || generation == nullptr) return std::nullopt;
  Inheritance inheritance;
  inheritance.slot = std::strtoull(slot, nullptr, 10);
  inheritance.generation = std::strtoull(generation, nullptr, 10);
  if (inheritance.slot >= 2 * limits::kWorkersMax) return std::nullopt;
  for (const int fd : {kListenFd, kReadyFd, kMetricsFd}) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return std::nullopt;
  }
  return inheritance;
}

void take_slot(WorkerMetrics& metrics, std::uint64_t generation) {
  clear_gauges(metrics);
  metrics.pid = static_cast<std::uint64_t>(::getpid());
  metrics.generation = generation;
  metrics.started_at_seconds = static_cast<std::uint64_t>(std::time(nullptr));
}

// A worker's parts, in the order in which a request meets them from the last to the first.
class Worker {
 public:
  Worker(asio::io_context& loop, const Config& config, Inheritance inheritance, Descriptor signals,
         Metrics& metrics)
      : loop_(loop),
        metrics_(metrics.layout().workers[inheritance.slot]),
        ready_(std::move(inheritance.ready)),
        pool_(loop, config.database_url, config.database_connections, statements::kAll, metrics_),
        store_(pool_),
        authenticator_(config.better_auth_secret, key_source(config),
                       {.issuer = config.issuer, .audience = config.audience, .leeway = config.leeway},
                       config.token_cache_entries, metrics_, [] { return std::time(nullptr); }),
        operations_(metrics.layout(), [this] { return probe_database(); }),
        api_(authenticator_, store_, operations_, metrics_, config.requests_in_flight_max),
        acceptor_(loop, std::move(inheritance.listener),
                  [this](Request request) { return api_.handle(std::move(request)); }, metrics_),
        signals_(loop, signals.release()) {}

  void start() {
    watch_signals();
    asio::co_spawn(loop_, run(), asio::detached);
  }

  int exit_status() const { return exit_status_; }

 private:
  std::unique_ptr<KeySource> key_source(const Config& config) {
    const Algorithm rsa = find_algorithm(config.rsa_algorithm).value_or(Algorithm::RS256);
    if (config.jwks_file) {
      auto file = std::make_unique<JwksFile>(*config.jwks_file, rsa);
      key_file_ = file.get();
      return file;
    }
    if (config.jwks_database) return std::make_unique<PgKeySource>(pool_, rsa);
    return nullptr;
  }

  // Ready once keys and database have been tried. A database that is away is no reason to stay away, too: readyz tells
  // of it, and it may come back. A key file that cannot be read is a mistake in the configuration.
  asio::awaitable<void> run() {
    pool_.start();
    co_await pool_.tried();
    const auto keys = co_await authenticator_.refresh();
    if (!keys && key_file_ != nullptr) {
      log::error("AUTH_JWKS cannot be used", {{"why", keys.error().detail}});
      exit_status_ = kExitConfiguration;
      loop_.stop();
      co_return;
    }
    acceptor_.start();
    if (::write(ready_.get(), "R", 1) != 1) log::warning("cannot tell the master that this worker is ready");
    ready_.reset();
    log::info("ready");
    co_await keep_keys();
  }

  asio::awaitable<void> keep_keys() {
    asio::steady_timer timer(loop_);
    auto read_at = Clock::now();
    while (true) {
      timer.expires_after(key_file_ != nullptr ? kKeyFileTick : std::chrono::seconds(5));
      co_await timer.async_wait(asio::use_awaitable);
      const bool changed = key_file_ != nullptr && key_file_->changed();
      if (!changed && Clock::now() - read_at < limits::kKeyRefreshIntervalMax) continue;
      read_at = Clock::now();
      if (const auto keys = co_await authenticator_.refresh(); !keys)
        log::warning("cannot read the public keys; those known stay in force", {{"why", keys.error().detail}});
    }
  }

  asio::awaitable<Result<void>> probe_database() {
    const auto rows = co_await pool_.run(statements::kPing, limits::kReadinessTimeout);
    if (!rows) co_return std::unexpected(rows.error());
    co_return Result<void>();
  }

  void watch_signals() {
    signals_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
      if (error) return;
      signalfd_siginfo info{};
      while (::read(signals_.native_handle(), &info, sizeof info) == sizeof info) {
        const auto signal = static_cast<int>(info.ssi_signo);
        if (signal != SIGTERM && signal != SIGQUIT) continue;  // a terminal's Ctrl-C is the master's affair
        log::info("draining");
        acceptor_.drain([this] { loop_.stop(); });
      }
      watch_signals();
    });
  }

  asio::io_context& loop_;
  WorkerMetrics& metrics_;
  Descriptor ready_;
  JwksFile* key_file_ = nullptr;  // owned by the authenticator
  ConnectionPool pool_;
  PgTaskStore store_;
  Authenticator authenticator_;
  Operations operations_;
  Api api_;
  Acceptor acceptor_;
  asio::posix::stream_descriptor signals_;
  int exit_status_ = kExitOk;
};

int serve(const Config& config, Descriptor signals) {
  auto inheritance = inherit();
  if (!inheritance) {
    log::error("tasklane-worker is started by tasklane-master, not by hand");
    return kExitUsage;
  }
  Metrics metrics = Metrics::open(std::move(inheritance->metrics));
  WorkerMetrics& own = metrics.layout().workers[inheritance->slot];
  take_slot(own, inheritance->generation);

  asio::io_context loop(1);
  auto worker = std::make_unique<Worker>(loop, config, std::move(*inheritance), std::move(signals), metrics);
  worker->start();
  loop.run();
  own.pid = 0;
  log::info("stopped");
  // What still waits in the loop refers to the worker's parts; the process ends here, so nobody unwinds them.
  const int status = worker->exit_status();
  worker.release();
  std::fflush(nullptr);
  std::_Exit(status);
}

void usage(std::FILE* to) {
  std::fputs("usage: tasklane-worker [--env-file FILE]\n\n"
             "Answers requests for tasklane-master, which starts it; not meant to be run by hand.\n",
             to);
}

}  // namespace

int main(int argc, char** argv) {
  ConfigSource source;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--env-file" && i + 1 < argc) {
      source = {.env_file = argv[++i], .env_file_required = true};
    } else if (argument == "--help") {
      usage(stdout);
      return kExitOk;
    } else if (argument == "--version") {
      std::puts(kVersion);
      return kExitOk;
    } else {
      usage(stderr);
      return kExitUsage;
    }
  }
  const auto config = read_config(source);
  if (!config) {
    for (const auto& mistake : config.error()) std::fprintf(stderr, "tasklane-worker: %s\n", mistake.c_str());
    return kExitConfiguration;
  }
  log::set_up("worker", config->log_level, config->log_format);
  try {
    Exchange::set_up_library();
    std::signal(SIGPIPE, SIG_IGN);  // after libfcgi, which would take it
    return serve(*config, block_signals());
  } catch (const std::exception& error) {
    log::error("cannot serve", {{"error", error.what()}});
    return kExitFailure;
  }
}
