#pragma once
// The master's loop: signals, what the workers say, their heartbeats, and the operator's commands come in,
// the pool decides, its actions are carried out and told to the log, the metrics and the operators that wait.
// Single-threaded. Owns the worker processes and the sockets to them.
//
// SIGTERM, SIGINT, SIGQUIT drain, after the drain's delay (a second one at once, one more kills), SIGHUP
// reloads, SIGUSR2 upgrades, SIGCHLD reaps; all
// of them are blocked from construction on, so construct it before the first thing that must be cleaned up.
// SIGPIPE is ignored: a log that nobody reads any more must not end the service.

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/descriptors.h"
#include "base/metrics.h"
#include "supervisor/control.h"
#include "supervisor/generation_files.h"
#include "supervisor/handover.h"
#include "supervisor/log_file.h"
#include "supervisor/pool.h"
#include "supervisor/pool_status.h"
#include "supervisor/process.h"
#include "supervisor/service_notifier.h"
#include "supervisor/successor.h"

namespace tasklane {

struct MasterSettings {
  WorkerCommand worker;
  // The configuration read anew, or why it cannot be used.
  std::function<std::expected<Reading, std::string>()> reread = {};
  std::string executable = {};            // what an upgrade executes …
  std::vector<std::string> command = {};  // … with these words
};

struct MasterSockets {
  int listen_fd;
  std::string listen_path = {};  // empty: not ours to remove
  int control_fd = -1;           // listening; -1: nobody can connect
  std::string control_path = {};
  int tcp_listen_fd = -1;  // FASTCGI_LISTEN; -1: there is none
  std::string tcp_address = {};
};

class Master {
 public:
  // Throws std::system_error when the kernel refuses a descriptor.
  Master(MasterSettings settings, Metrics& metrics, const Reading& first);
  // In place of an earlier executable of this process: its workers go on, and a reload brings new ones.
  Master(MasterSettings settings, Metrics& metrics, const Handover& handover);

  // Starts the pool (or goes on); returns the exit status when the last worker has gone.
  int run(const MasterSockets& sockets);

 private:
  struct Pending {  // what the signals asked for since the last turn, as in nginx's cycle
    unsigned stops = 0;
    bool reload = false;
    bool upgrade = false;
    bool child = false;
  };
  struct Check {  // a new executable that is asked whether it can take over
    SuccessorCheck process;
    Pool::Time deadline;
    bool late = false;
  };

  Master(MasterSettings settings, Metrics& metrics, Pool pool);

  // master.cpp: the loop.
  void begin();
  void announce_drain();
  void reopen_log();
  std::optional<Pool::Time> turned_away_at() const;
  void look_at_drain();
  void leave();
  void turn_away();
  bool stopping() const { return asked_to_stop_ || pool_.stopping(); }
  void wait();
  void hear_signals(Pending& pending);
  void stop();
  void look_at_workers();
  void publish();
  std::optional<Pool::Time> next_deadline() const;

  // master_workers.cpp: what the workers say.
  void hear_workers();
  void hear_worker(std::size_t slot);
  void take_in(std::size_t slot, std::string_view message);
  void reap();

  // master_requests.cpp: what operators ask for.
  void hear_operators();
  std::expected<std::uint64_t, std::string> request_reload();  // the generation to wait for
  void reload_failed(std::uint64_t generation, const std::string& why);
  void tell_manager_when_settled();
  void request_upgrade();
  void fail_upgrade(const std::string& why);
  void end_check(const Ending& end);
  void check_deadline();
  Handover handover() const;

  // master_actions.cpp: what the pool asks for.
  void obey(Actions actions);
  void say(std::size_t slot, std::string_view word);
  std::optional<std::size_t> processor(const Adjustable& of) const;
  void carry_out(const Spawn& action);
  void carry_out(const Serve& action);
  void carry_out(const Ask& action);
  void carry_out(const Terminate& action);
  void carry_out(const Kill& action);
  void carry_out(const Finish& action);
  void carry_out(const RestartDelayed& action);
  void carry_out(const RestartRefused& action);
  void carry_out(const ReloadStarted& action);
  void carry_out(const ReloadDone& action);
  void carry_out(const ReloadFailed& action);
  void carry_out(const GenerationGone& action);
  void carry_out(const RetirementStarted& action);
  void carry_out(const RetirementFailed& action);

  static Pool::Time now() { return std::chrono::steady_clock::now(); }

  // What the master remembers of a slot besides the pool.
  struct Place {
    Descriptor channel;      // to its worker
    std::string last_words;  // what that one lacks, or why it cannot get ready
    std::string failure;     // how the last one ended
  };

  MasterSettings settings_;
  LogFile log_file_{STDERR_FILENO};
  MasterSockets sockets_{.listen_fd = -1};
  int metrics_fd_;
  MetricsLayout& metrics_;
  Pool pool_;
  std::map<std::uint64_t, GenerationFiles> generations_;  // by number; a reload that waits has its own, too
  Control control_;
  ServiceNotifier service_notifier_;
  Descriptor signals_;
  std::vector<Place> places_;  // by slot
  std::vector<pollfd> polled_;
  std::deque<Action> queue_;
  LastReload last_reload_;
  std::optional<Check> check_;
  Pool::Time next_look_ = now();
  Pool::Time next_alive_ = now();
  bool asked_to_stop_ = false;  // and does so when balancers have had time to turn away
  bool took_over_ = false;
  bool told_ready_ = false;
  std::optional<int> exit_code_;
};

}  // namespace tasklane
