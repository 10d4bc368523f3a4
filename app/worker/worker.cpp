#include "worker/worker.h"

#include <fcntl.h>
#include <jemalloc/jemalloc.h>
#include <sched.h>
#include <sys/signalfd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <exception>

#include "base/ip_address.h"
#include "base/limits.h"
#include "base/listen_queue.h"
#include "base/log.h"
#include "base/secret_versions.h"
#include "base/text.h"
#include "base/worker_words.h"
#include "store/pg_key_source.h"
#include "store/pg_mark_source.h"
#include "store/statements.h"

// Requests that are under way together hold blocks of the same few sizes. Up to 200 freed ones of each size
// stay at hand: by itself jemalloc keeps 20 of 512 bytes, 1, 2, 4 and 8 KiB, fewer than a batch takes
// (opt.tcache_nslots_small_min of 5.3). The variable MALLOC_CONF wins.
const char* malloc_conf = "tcache_nslots_small_min:200";

namespace tasklane {

namespace asio = boost::asio;

namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : parse_number<std::uint64_t>(text);
}

// Woken, the worker lets whoever woke it go on (SCHED_BATCH, sched(7)): nginx passes on all that it has, and
// the worker finds several requests at once instead of one. Nothing waits where a processor is free. A policy
// that somebody else has chosen stays.
void let_requests_gather() {
  const sched_param none{};
  if (::sched_getscheduler(0) == SCHED_OTHER && ::sched_setscheduler(0, SCHED_BATCH, &none) != 0)
    log::warning("cannot set the scheduling policy SCHED_BATCH", {{"errno", errno}});
}

// What jemalloc keeps of freed memory, at hand and in all of its arenas (jemalloc(3), "thread.tcache.flush",
// "arena.<i>.purge").
void give_memory_back() {
  static_assert(MALLCTL_ARENAS_ALL == 4096);
  ::mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  ::mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

std::vector<std::string> values_of(std::vector<TokenSecret> secrets) {
  std::vector<std::string> values;
  for (TokenSecret& secret : secrets) values.push_back(std::move(secret.value));
  return values;
}

// Who may connect by TCP. Without a list, which a loopback address alone may have: this host.
std::vector<IpNetwork> allowed_networks(const Config& config) {
  std::vector<IpNetwork> networks;
  for (const std::string& text : config.fastcgi_allow) networks.push_back(IpNetwork::of(text).value());
  for (const char* const loopback : {"127.0.0.0/8", "::1"}) {
    if (config.fastcgi_allow.empty()) networks.push_back(IpNetwork::of(loopback).value());
  }
  return networks;
}

}  // namespace

std::optional<Inherited> inherit() {
  const auto slot = number_in(kSlotVariable);
  const auto generation = number_in(kGenerationVariable);
  if (!slot || !generation || *slot >= limits::kSlotsMax) return std::nullopt;
  for (const int fd : {kListenFd, kMasterFd, kMetricsFd, kValuesFd, kKeysFd}) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return std::nullopt;
  }
  const bool tcp = ::fcntl(kTcpListenFd, F_SETFD, FD_CLOEXEC) == 0;
  return Inherited{.listener = Descriptor(kListenFd),
                   .tcp_listener = Descriptor(tcp ? kTcpListenFd : -1),
                   .master = Descriptor(kMasterFd),
                   .metrics = Descriptor(kMetricsFd),
                   .values = Descriptor(kValuesFd),
                   .keys = Descriptor(kKeysFd),
                   .slot = *slot,
                   .generation = *generation};
}

Worker::Worker(asio::io_context& loop, const Config& config, Inherited inherited, Descriptor signals,
               Metrics& metrics)
    : loop_(loop),
      metrics_(metrics.layout().workers[inherited.slot]),
      master_(loop, std::move(inherited.master)),
      told_to_serve_(loop.get_executor()),
      pool_(loop, config.database_url, config.database_connections, statements::kAll, metrics_),
      key_sweep_(pool_, metrics_, limits::kKeySweepInterval, config.state_folder + kReadOnlyFile),
      store_(pool_, &key_sweep_),
      authenticator_(values_of(token_secrets(config)), key_source(config, std::move(inherited.keys)),
                     {.issuer = config.issuer, .audience = config.audience, .leeway = config.leeway},
                     config.token_cache_entries, metrics_, [] { return std::time(nullptr); }),
      marks_(std::make_unique<PgMarkSource>(pool_)),
      operations_(
          metrics.layout(), [this](TracePtr trace) { return probe_database(std::move(trace)); },
          inode_of(inherited.listener.get()).value_or(0), config.state_folder + kReadOnlyFile),
      api_(authenticator_, store_, operations_, metrics_, config.requests_in_flight_max, config.slow_request,
           UserLimit(metrics.layout().user_buckets, config.user_rate_limit_per_second), &marks_),
      acceptor_(
          loop,
          {.local = std::move(inherited.listener),
           .tcp = std::move(inherited.tcp_listener),
           .allowed = allowed_networks(config)},
          [this](Request request) { return api_.handle(std::move(request)); }, metrics_,
          [this](const Response& response, const Error* broken_off) { api_.written(response, broken_off); }),
      signals_(loop, signals.release()) {
  clear_gauges(metrics_);  // a predecessor may have been killed
  metrics_.pid = static_cast<std::uint64_t>(::getpid());
  metrics_.generation = inherited.generation;
  metrics_.requests_in_flight_max = config.requests_in_flight_max;
  add(metrics_.starts);
  metrics_.started_at_seconds = static_cast<std::uint64_t>(std::time(nullptr));
}

void Worker::start() {
  watch_signals();
  master_.listen([this](std::string_view word) { hear_master(word); });
  const auto fail = [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  };
  asio::co_spawn(loop_, run(), fail);
  asio::co_spawn(loop_, beat(), fail);
}

std::unique_ptr<KeySource> Worker::key_source(const Config& config, Descriptor kept_keys) {
  if (config.jwks_file) {
    auto file = std::make_unique<JwksFile>(*config.jwks_file, rsa_algorithm(config), std::move(kept_keys));
    key_file_ = file.get();
    return file;
  }
  if (config.jwks_database) return std::make_unique<PgKeySource>(pool_, key_origin(config));
  return nullptr;
}

// A worker gets ready although the database is unreachable, or takes long: requests wait for the attempt
// under way, and readyz tells of it. A key file that no worker of its generation could read is a mistake in
// the configuration. Nothing is accepted before the master says so: a generation that fails serves nobody.
asio::awaitable<void> Worker::run() {
  pool_.start();
  if (key_file_ != nullptr) {
    if (const auto keys = co_await authenticator_.refresh(); !keys) {
      log::error("AUTH_JWKS cannot be used", {{"why", keys.error().detail}});
      master_.say(words::kFailed, "AUTH_JWKS cannot be used: " + keys.error().detail);
      exit_status_ = kExitConfiguration;
      loop_.stop();
      co_return;
    }
  }
  const auto lack = co_await try_everything();
  if (lack.why.empty()) {  // where many users were deleted it takes a while, and no request has to wait
    static_cast<void>(co_await marks_.know_at(std::chrono::steady_clock::now()));
  } else {
    log::warning("ready, but something is missing", {{"why", lack.why}});
  }
  let_requests_gather();  // not before: a worker that gets ready is in a hurry
  master_.say_ready(lack);
  co_await told_to_serve_.wait();
  acceptor_.start();
  log::info("ready");
  if (key_file_ != nullptr) co_await watch_key_file();
}

// The master replaces a worker whose loop does not come around to this any more. A worker that has had
// nothing to do since the last beat gives the memory of a flood back.
asio::awaitable<void> Worker::beat() {
  asio::steady_timer timer(loop_);
  std::uint64_t answered = 0;
  bool trimmed = true;
  while (true) {
    add(metrics_.heartbeat);
    const bool worked = std::exchange(answered, read(metrics_.requests_answered)) != answered;
    if (!worked && !trimmed) give_memory_back();
    trimmed = !worked;
    timer.expires_after(limits::kHeartbeatInterval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// A key file is watched by a timer, also without requests: stat(2) does not reach the database.
asio::awaitable<void> Worker::watch_key_file() {
  asio::steady_timer timer(loop_);
  while (true) {
    timer.expires_after(limits::kKeyTick);
    co_await timer.async_wait(asio::use_awaitable);
    if (key_file_->changed()) co_await authenticator_.refresh();
  }
}

void Worker::hear_master(std::string_view word) {
  if (word == words::kServe) told_to_serve_.set();
  if (word == words::kTry) {
    asio::co_spawn(loop_, answer_master(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
  }
}

asio::awaitable<void> Worker::answer_master() {
  const bool reaches = (co_await pool_.run(statements::kPing, limits::kFirstAttemptTimeout)).has_value();
  master_.say(reaches ? words::kReaches : words::kReachesNot);
}

asio::awaitable<Result<void>> Worker::probe_database(TracePtr trace) {
  const auto rows = co_await pool_.run(statements::kPing, limits::kReadinessTimeout, std::move(trace));
  if (rows) co_return Result<void>();
  Error error = rows.error();
  if (const auto* attempt = pool_.attempt()) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - attempt->since);
    error.database = std::make_shared<DatabaseState>(DatabaseState{
        .connecting = attempt->under_way,
        .since = since,
        .last_failure = attempt->failure ? std::optional(attempt->failure->reason) : std::nullopt});
  }
  co_return std::unexpected(std::move(error));
}

void Worker::watch_signals() {
  signals_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code& error) {
                        if (error) return;
                        signalfd_siginfo info{};
                        while (::read(signals_.native_handle(), &info, sizeof info) == sizeof info) {
                          const auto signal = static_cast<int>(info.ssi_signo);
                          if (signal != SIGTERM && signal != SIGQUIT)
                            continue;  // the others are the master's affair
                          log::info("draining");
                          acceptor_.drain([this] { loop_.stop(); });
                        }
                        watch_signals();
                      });
}

}  // namespace tasklane
