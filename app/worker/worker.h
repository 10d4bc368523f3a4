#pragma once
// One worker: its event loop's parts, put together in the order in which a request needs them from the last
// to the first. Starts when told to, tries the database and the keys, says ready or what it lacks, accepts
// requests when its master tells it to, drains on SIGTERM or SIGQUIT.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "api/api.h"
#include "auth/jwks_file.h"
#include "auth/user_marks.h"
#include "base/awaitable.h"
#include "base/config.h"
#include "base/descriptors.h"
#include "base/event.h"
#include "base/exit_codes.h"
#include "base/metrics.h"
#include "fastcgi/acceptor.h"
#include "postgres/connection_pool.h"
#include "store/key_sweep.h"
#include "store/pg_task_store.h"
#include "store/start_mistakes.h"
#include "worker/master_channel.h"

namespace tasklane {

// What the master hands over (base/descriptors.h).
struct Inherited {
  Descriptor listener;
  Descriptor tcp_listener;  // owns nothing when there is none
  Descriptor master;
  Descriptor metrics;
  Descriptor values;
  Descriptor keys;
  std::size_t slot;
  std::uint64_t generation;
};

// Empty when this process was not started by a master.
std::optional<Inherited> inherit();

class Worker {
 public:
  // `signals` is a signalfd(2) for the signals that the process blocks.
  Worker(boost::asio::io_context& loop, const Config& config, Inherited inherited, Descriptor signals,
         Metrics& metrics);

  void start();

  // Once the loop has stopped: kExitOk after a drain, kExitConfiguration when the keys cannot be used.
  int exit_status() const { return exit_status_; }

 private:
  std::unique_ptr<KeySource> key_source(const Config& config, Descriptor kept_keys);
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<MasterChannel::Lack> try_everything();
  boost::asio::awaitable<MasterChannel::Lack> try_database(Clock::time_point until);
  boost::asio::awaitable<MasterChannel::Lack> try_rights();
  boost::asio::awaitable<MasterChannel::Lack> try_keys();
  MasterChannel::Lack refused_by_database(std::string_view what) const;
  void hear_master(std::string_view word);
  boost::asio::awaitable<void> answer_master();
  boost::asio::awaitable<void> watch_key_file();
  boost::asio::awaitable<Result<void>> probe_database(TracePtr trace);
  boost::asio::awaitable<void> beat();
  void watch_signals();

  boost::asio::io_context& loop_;
  WorkerMetrics& metrics_;
  MasterChannel master_;
  Event told_to_serve_;
  JwksFile* key_file_ = nullptr;  // owned by the authenticator
  ConnectionPool pool_;
  KeySweep key_sweep_;
  PgTaskStore store_;
  Authenticator authenticator_;
  UserMarks marks_;
  Operations operations_;
  Api api_;
  Acceptor acceptor_;
  boost::asio::posix::stream_descriptor signals_;
  int exit_status_ = kExitOk;
};

}  // namespace tasklane
