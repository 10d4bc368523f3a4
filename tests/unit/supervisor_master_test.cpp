// The master's loop with shell scripts for workers: few real processes, for what virtual time cannot show.
#include "supervisor/master.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "base/exit_codes.h"
#include "base/log.h"
#include "temporary_folder.h"

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

// A worker that says when it is ready and leaves a line for every start and every drain.
const std::string kObedient =
    "trap 'echo drained >>\"$1\"; exit 0' TERM; echo $TASKLANE_GENERATION $$ >>\"$1\"; printf ready >&4\n"
    "while :; do sleep 0.02; done\n";
const std::string kStubborn =
    "trap '' TERM; echo $TASKLANE_GENERATION $$ >>\"$1\"; printf ready >&4; while :; do sleep 0.02; done\n";

// A master in a process of its own, its log in a file.
struct Fixture {
  TemporaryFolder folder;
  std::string log = folder / "log";
  std::string trace = folder / "trace";
  Metrics metrics = Metrics::create();
  pid_t master = 0;
  std::chrono::milliseconds drain_delay{0};

  Fixture() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }  // the workers become this process's when the master is killed

  Reading reading(std::size_t workers, std::chrono::milliseconds drain_timeout,
                  const std::string& value) const {
    return {.adjustable = {.pool = {.workers = workers, .drain_timeout = drain_timeout},
                           .drain_delay = drain_delay},
            .values = {{"VALUE", value}}};
  }

  void start(const std::string& script, std::chrono::milliseconds drain_timeout = 20s,
             std::size_t workers = 2) {
    const WorkerCommand worker = {.path = folder.script("worker", script), .arguments = {trace}};
    master = ::fork();
    BOOST_REQUIRE(master >= 0);
    if (master != 0) return;
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDERR_FILENO);
    log::set_up("master", LogLevel::debug, LogFormat::json);
    Master loop({.worker = worker,
                 .reread = [this, workers, drain_timeout]() -> std::expected<Reading, std::string> {
                   if (const std::string text = content(folder / "mistake"); !text.empty())
                     return std::unexpected(text);
                   const std::size_t more = content(folder / "more").empty() ? 0 : 1;
                   return reading(workers + more, drain_timeout, content(folder / "value"));
                 }},
                metrics, reading(workers, drain_timeout, "the first"));
    ::_exit(loop.run({.listen_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)}));
  }

  std::size_t logged(const std::string& words) const {
    const std::string text = content(log);
    std::size_t count = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
    return count;
  }
  void wait_for(const std::string& words, std::size_t count) const {
    BOOST_TEST(eventually([&] { return logged(words) >= count; }), words << " in:\n" << content(log));
  }
  pid_t first_worker() const {
    std::ifstream file(trace);
    pid_t generation = 0, pid = 0;
    file >> generation >> pid;
    BOOST_REQUIRE(pid > 1);
    return pid;
  }
  void tell(int signal) const { BOOST_REQUIRE_EQUAL(::kill(master, signal), 0); }
  int exit_status() {
    int status = -1;
    BOOST_REQUIRE(eventually([&] { return ::waitpid(master, &status, WNOHANG) == master; }));
    master = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  ~Fixture() {
    if (master <= 0) return;
    ::kill(master,
           SIGKILL);  // its workers get SIGTERM by that, and write into the folder until they have ended
    eventually([] { return ::waitpid(-1, nullptr, WNOHANG) < 0; });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(master, Fixture)

BOOST_AUTO_TEST_CASE(starts_its_workers_and_drains_them_on_sigterm) {
  start(kObedient);
  wait_for("worker ready", 2);
  BOOST_TEST(read(metrics.layout().workers_configured) == 2U);
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitOk);
  BOOST_TEST(std::ranges::count(content(trace), 'd') == 4);  // "drained" twice
  BOOST_TEST(logged("\"warning\"") == 0U);
}

BOOST_AUTO_TEST_CASE(replaces_a_worker_that_was_killed) {
  start(kObedient);
  wait_for("worker ready", 2);
  add(metrics.layout().workers[0].requests_in_flight, 3);
  add(metrics.layout().workers[1].requests_in_flight, 3);
  ::kill(first_worker(), SIGKILL);
  wait_for("worker ready", 3);
  BOOST_TEST(logged("\"signal\":\"SIGKILL\"") == 1U);
  BOOST_TEST(read(metrics.layout().worker_restarts) == 1U);
  BOOST_TEST(read(metrics.layout().workers[0].requests_in_flight) +
                 read(metrics.layout().workers[1].requests_in_flight) ==
             3U);  // the dead one holds none
  tell(SIGQUIT);
  BOOST_TEST(exit_status() == kExitOk);
}

BOOST_AUTO_TEST_CASE(kills_workers_that_do_not_drain_in_time) {
  start(kStubborn, 200ms);
  wait_for("worker ready", 2);
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitFailure);
  BOOST_TEST(logged("not drained in time") == 2U);
}

BOOST_AUTO_TEST_CASE(kills_at_once_on_a_second_signal) {
  start(kStubborn, 1h);
  wait_for("worker ready", 2);
  tell(SIGINT);
  wait_for("worker drains", 2);
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitFailure);
  BOOST_TEST(logged("second stop signal") == 2U);
}

BOOST_AUTO_TEST_CASE(serves_on_for_the_drain_s_delay_before_it_drains) {
  drain_delay = 300ms;
  start(kObedient);
  wait_for("worker ready", 2);
  BOOST_TEST(read(metrics.layout().draining_since_ms) == 0U);
  const auto told = std::chrono::steady_clock::now();
  tell(SIGTERM);
  BOOST_TEST(eventually([&] { return read(metrics.layout().draining_since_ms) != 0; }));
  wait_for("worker drains", 2);
  BOOST_TEST((std::chrono::steady_clock::now() - told >= 290ms));
  BOOST_TEST(exit_status() == kExitOk);
}

BOOST_AUTO_TEST_CASE(a_second_signal_cuts_the_delay_short_and_a_third_one_kills) {
  drain_delay = 1h;
  start(kStubborn, 1h);
  wait_for("worker ready", 2);
  tell(SIGTERM);
  wait_for("not ready any more", 1);
  tell(SIGHUP);                     // nobody comes any more
  ::kill(first_worker(), SIGKILL);  // but who dies is replaced
  wait_for("worker ready", 3);
  BOOST_TEST(logged("worker drains") == 0U);
  BOOST_TEST(logged("reload") == 0U);
  tell(SIGTERM);
  wait_for("worker drains", 2);
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitFailure);
  BOOST_TEST(logged("second stop signal") == 2U);
}

BOOST_AUTO_TEST_CASE(ends_with_100_when_all_workers_refuse_their_configuration) {
  start("exit 100\n");
  BOOST_TEST(exit_status() == kExitConfiguration);
  BOOST_TEST(logged("worker started") == 2U);
}

BOOST_AUTO_TEST_CASE(replaces_a_whole_generation_on_sighup) {
  start(kObedient);
  wait_for("worker ready", 2);
  tell(SIGHUP);
  wait_for("reload done", 1);
  wait_for("worker exited", 2);
  BOOST_TEST(read(metrics.layout().worker_restarts) == 0U);
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitOk);
}

BOOST_AUTO_TEST_CASE(takes_another_number_of_workers_from_the_configuration) {
  start(kObedient);
  wait_for("worker ready", 2);
  std::ofstream(folder / "more") << "yes";
  tell(SIGHUP);
  wait_for("worker ready", 5);
  wait_for("worker exited", 2);
  BOOST_TEST(eventually([&] { return read(metrics.layout().workers_ready) == 3U; }));
  BOOST_TEST(read(metrics.layout().workers_configured) == 3U);
  BOOST_TEST(read(metrics.layout().reloads_done) == 1U);
}

BOOST_AUTO_TEST_CASE(starts_nobody_for_a_configuration_with_mistakes) {
  start(kObedient);
  wait_for("worker ready", 2);
  std::ofstream(folder / "mistake") << "WORKERS must be a whole number";
  tell(SIGHUP);
  wait_for("WORKERS must be a whole number", 1);
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitOk);
  BOOST_TEST(logged("worker started") == 2U);
  BOOST_TEST(read(metrics.layout().reloads_failed) == 1U);
  BOOST_TEST(read(metrics.layout().last_reload_failed) == 1U);
}

BOOST_AUTO_TEST_CASE(tells_the_last_words_of_a_worker_that_does_not_get_ready) {
  start("if [ $TASKLANE_GENERATION = 1 ]; then " + kObedient +
        "else printf 'failed AUTH_JWKS is gone' >&4; exit 100; fi\n");
  wait_for("worker ready", 2);
  tell(SIGHUP);
  wait_for("reload failed", 1);
  BOOST_TEST(logged("AUTH_JWKS is gone") >= 1U);
  BOOST_TEST(eventually([&] { return read(metrics.layout().workers_ready) == 2U; }));
}

// The value that each worker is given, a line for each, and then as ever.
const std::string kReader = "tr '\\0' '\\n' </proc/self/fd/6 >>\"$1.values\"; " + kObedient;

BOOST_AUTO_TEST_CASE(gives_a_worker_that_is_replaced_what_its_generation_began_with) {
  start(kReader, 20s, 1);
  wait_for("worker ready", 1);
  std::ofstream(folder / "value") << "the second";
  ::kill(first_worker(), SIGKILL);
  wait_for("worker ready", 2);
  BOOST_TEST(content(trace + ".values") == "VALUE=the first\nVALUE=the first\n");
  tell(SIGHUP);
  wait_for("reload done", 1);
  BOOST_TEST(content(trace + ".values") == "VALUE=the first\nVALUE=the first\nVALUE=the second\n");
}

BOOST_AUTO_TEST_CASE(keeps_the_old_generation_when_a_new_worker_lacks_what_it_needs) {
  start("if [ $TASKLANE_GENERATION != 1 ]; then printf 'unfit no password' >&4; exec sleep 60; fi\n" +
        kObedient);
  wait_for("worker ready", 2);
  tell(SIGHUP);
  wait_for("reload failed", 1);
  BOOST_TEST(logged("no password") >= 1U);
  wait_for("generation gone", 1);
  BOOST_TEST(read(metrics.layout().last_reload_failed) == 1U);
  BOOST_TEST(read(metrics.layout().workers_ready) == 2U);
}

BOOST_AUTO_TEST_CASE(starts_with_workers_that_lack_something) {
  start("printf 'unreachable no database' >&4; trap 'exit 0' TERM; while :; do sleep 0.02; done", 20s, 1);
  wait_for("serves without what it needs", 1);
  BOOST_TEST(logged("no database") >= 1U);
  BOOST_TEST(eventually([&] { return read(metrics.layout().workers_ready) == 1U; }));
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitOk);
}

BOOST_AUTO_TEST_CASE(goes_on_when_nobody_reads_its_log) {
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const Descriptor before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10));
  log = "/proc/self/fd/" + std::to_string(ends[1]);
  start(kObedient, 20s, 1);
  ::close(ends[1]);
  BOOST_TEST(eventually([&] { return content(trace).ends_with("\n"); }));
  ::kill(first_worker(), SIGKILL);
  BOOST_TEST(eventually([&] { return std::ranges::count(content(trace), '\n') == 2; }));
  tell(SIGTERM);
  BOOST_TEST(exit_status() == kExitOk);
}

BOOST_AUTO_TEST_SUITE_END()
