#include "supervisor/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "base/exit_codes.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

struct Fixture {
  TemporaryFolder folder;
  std::string listen_path = folder / "listen";
  std::string metrics_path = folder / "metrics";
  Descriptor listen{::open(listen_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  std::string values_path = folder / "values";
  std::string keys_path = folder / "keys";
  Descriptor values{::open(values_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  Descriptor keys{::open(keys_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  Descriptor metrics{::open(metrics_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};

  WorkerProcess run(const std::string& text, const std::vector<std::string>& arguments = {}) {
    return spawn({.path = folder.script("worker", text), .arguments = arguments},
                 {listen.get(), metrics.get(), values.get(), keys.get()});
  }
  static WorkerProcess spawn(const WorkerCommand& command, const Inheritance& inheritance) {
    auto worker = spawn_worker(command, inheritance, {.slot = 3, .generation = 7});
    BOOST_REQUIRE(worker.has_value());
    return std::move(*worker);
  }
};

Ending wait_for(pid_t pid) {
  int status = 0;
  BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
  return ending(status);
}

// All that was said to the master, until its end.
std::string said(const WorkerProcess& worker) {
  std::string text;
  eventually([&] {
    char bytes[512];
    ssize_t count = 0;
    while ((count = ::recv(worker.channel.get(), bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
      text.append(bytes, static_cast<std::size_t>(count));
    return count == 0;
  });
  return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(process, Fixture)

BOOST_AUTO_TEST_CASE(gives_the_worker_its_inheritance_and_its_place) {
  const std::string out = folder / "out";
  const auto worker =
      run("readlink /proc/self/fd/3 /proc/self/fd/5 /proc/self/fd/6 /proc/self/fd/7 >" + out +
              "; echo $TASKLANE_SLOT $TASKLANE_GENERATION $1 $2 >>" + out + "; printf ready >&4",
          {"--option", "/a b"});
  BOOST_TEST(said(worker) == "ready");
  BOOST_TEST(wait_for(worker.pid).exit_status == 0);
  BOOST_TEST(content(out) == listen_path + "\n" + metrics_path + "\n" + values_path + "\n" + keys_path +
                                 "\n3 7 --option /a b\n");
}

BOOST_AUTO_TEST_CASE(finds_the_places_also_when_the_sources_stand_in_each_other_s) {
  // In a process of its own, where 3 to 7 may be anything.
  const std::string out = folder / "out";
  const std::string script =
      folder.script("worker", "readlink /proc/self/fd/3 /proc/self/fd/5 /proc/self/fd/6 /proc/self/fd/7 >" +
                                  out + "; printf ready >&4");
  const pid_t child = ::fork();
  if (child == 0) {
    const int high_listen = ::fcntl(listen.get(), F_DUPFD_CLOEXEC, 50);
    const int high_metrics = ::fcntl(metrics.get(), F_DUPFD_CLOEXEC, 50);
    const int high_values = ::fcntl(values.get(), F_DUPFD_CLOEXEC, 50);
    const int high_keys = ::fcntl(keys.get(), F_DUPFD_CLOEXEC, 50);
    for (int fd = 3; fd < 50; ++fd) ::close(fd);
    ::dup2(high_listen, 7);
    ::dup2(high_metrics, 3);
    ::dup2(high_values, 5);
    ::dup2(high_keys, 4);  // the socket's ends become 6 and 8
    auto worker = spawn_worker({.path = script}, {7, 3, 5, 4}, {.slot = 0, .generation = 1});
    int status = -1;
    if (!worker || ::waitpid(worker->pid, &status, 0) != worker->pid) ::_exit(1);
    char byte = 0;
    ::_exit(::recv(worker->channel.get(), &byte, 1, 0) == 1 && byte == 'r' ? 0 : 2);
  }
  BOOST_TEST(wait_for(child).exit_status == 0);
  BOOST_TEST(content(out) ==
             listen_path + "\n" + metrics_path + "\n" + values_path + "\n" + keys_path + "\n");
}

BOOST_AUTO_TEST_CASE(a_socket_by_tcp_is_handed_on_where_there_is_one) {
  const std::string out = folder / "out";
  const std::string script = folder.script("worker", "exec readlink /proc/self/fd/8 >" + out);
  const auto worker =
      spawn({.path = script}, {listen.get(), metrics.get(), values.get(), keys.get(), keys.get()});
  BOOST_TEST(wait_for(worker.pid).exit_status == 0);
  BOOST_TEST(content(out) == keys_path + "\n");
}

BOOST_AUTO_TEST_CASE(leaves_no_other_descriptor_open) {
  const Descriptor stray(::fcntl(listen.get(), F_DUPFD, 77));  // not close-on-exec, as from a careless parent
  BOOST_TEST(stray.get() >= 77);
  const std::string out = folder / "out";
  const auto worker = run("exec ls /proc/self/fd >" + out);
  BOOST_TEST(wait_for(worker.pid).exit_status == 0);
  BOOST_TEST(content(out) == "0\n1\n2\n3\n4\n5\n6\n7\n8\n");  // the last is the folder that ls reads
}

BOOST_AUTO_TEST_CASE(starts_the_worker_with_clean_signals_in_a_group_of_its_own) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, &before);
  const auto quit_before = ::signal(SIGQUIT, SIG_IGN);  // as in a shell's background job
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  const std::string out = folder / "out";
  const auto worker =
      run("cut -d' ' -f5 /proc/$$/stat >" + out + "; exec grep -E 'Sig(Blk|Ign)' /proc/self/status >>" + out);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGQUIT, quit_before);
  ::signal(SIGPIPE, pipe_before);
  BOOST_TEST(wait_for(worker.pid).exit_status == 0);
  BOOST_TEST(content(out) == std::to_string(worker.pid) + "\n" +
                                 "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001000\n");  // SIGPIPE alone
}

BOOST_AUTO_TEST_CASE(reports_an_exec_that_fails_by_the_exit_status_and_says_why_on_the_pipe) {
  const auto missing =
      spawn({.path = folder / "missing"}, {listen.get(), metrics.get(), values.get(), keys.get()});
  BOOST_TEST(said(missing).starts_with("failed cannot execute "));
  BOOST_TEST(wait_for(missing.pid).exit_status == kExitExecNotFound);
  const auto folder_itself =
      spawn({.path = folder.path()}, {listen.get(), metrics.get(), values.get(), keys.get()});
  BOOST_TEST(wait_for(folder_itself.pid).exit_status == kExitExecFailed);
}

BOOST_AUTO_TEST_CASE(drains_a_worker_whose_master_was_killed) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // the orphan comes to us
  const std::string out = folder / "out";
  const std::string script =
      folder.script("worker", "trap 'echo drained >" + out +
                                  "; exit 0' TERM; printf ready >&4; while :; do sleep 0.01; done");
  const pid_t master = ::fork();
  if (master == 0) {
    const auto worker =
        spawn_worker({.path = script}, {listen.get(), metrics.get(), values.get(), keys.get()},
                     {.slot = 0, .generation = 1});
    char byte = 0;
    eventually([&] { return ::recv(worker->channel.get(), &byte, 1, MSG_DONTWAIT) == 1; });
    ::raise(SIGKILL);
  }
  BOOST_TEST(wait_for(master).signal == "SIGKILL");
  BOOST_TEST(eventually([&] { return content(out) == "drained\n"; }));
  int status = -1;
  BOOST_TEST(::waitpid(-1, &status, 0) > 0);
  BOOST_TEST(ending(status).exit_status == 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

BOOST_AUTO_TEST_CASE(names_how_a_process_ended) {
  const auto exits = run("exit 100");
  const Ending refused = wait_for(exits.pid);
  BOOST_TEST(refused.exit_status == kExitConfiguration);
  BOOST_TEST(refused.signal == "");
  const auto dies = run("kill -KILL $$");
  const Ending killed = wait_for(dies.pid);
  BOOST_TEST(killed.exit_status == -1);
  BOOST_TEST(killed.signal == "SIGKILL");
}

BOOST_AUTO_TEST_SUITE_END()
