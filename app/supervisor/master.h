#pragma once
// The master's loop: signals and the workers' readiness come in, the pool decides, its actions are carried
// out and told to the log. Single-threaded. Owns the worker processes and their ready pipes.
//
// SIGTERM, SIGINT, SIGQUIT drain (a second one kills), SIGHUP reloads, SIGCHLD reaps; all of them are blocked
// from construction on, so construct it before the first thing that must be cleaned up. SIGPIPE is ignored: a
// log that nobody reads any more must not end the service.

#include <poll.h>

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "base/descriptors.h"
#include "base/metrics.h"
#include "supervisor/pool.h"
#include "supervisor/process.h"

namespace tasklane {

struct MasterSettings {
  WorkerCommand worker;
  std::size_t workers;
  std::chrono::milliseconds drain_timeout;
};

class Master {
 public:
  // Throws std::system_error when the kernel refuses a signal descriptor.
  Master(const MasterSettings& settings, Metrics& metrics);

  // Starts the pool on the listening socket; returns the exit status when the last worker has gone.
  int run(int listen_fd);

 private:
  struct Pending {  // what the signals asked for since the last turn, as in nginx's cycle
    unsigned stops = 0;
    bool reload = false;
    bool child = false;
  };

  void turn_away();
  void wait();
  void hear_workers();
  void hear_signals(Pending& pending);
  void reap();
  void obey(Actions actions);

  void carry_out(const Spawn& action);
  void carry_out(const Terminate& action);
  void carry_out(const Kill& action);
  void carry_out(const Finish& action);
  void carry_out(const RestartDelayed& action);
  void carry_out(const RestartRefused& action);
  void carry_out(const ReloadStarted& action);
  void carry_out(const ReloadDone& action);
  void carry_out(const ReloadFailed& action);

  MasterSettings settings_;
  Inheritance inheritance_;
  MetricsLayout& metrics_;
  Pool pool_;
  Descriptor signals_;
  std::vector<Descriptor> ready_pipes_;  // by slot; closed once the worker is ready or gone
  std::vector<pollfd> polled_;           // [0] the signals, then one per slot
  std::deque<Action> queue_;
  std::optional<int> exit_code_;
};

}  // namespace tasklane
