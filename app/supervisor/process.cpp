#include "supervisor/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "base/exit_codes.h"
#include "base/log.h"
#include "base/worker_words.h"
#include "supervisor/placement.h"

namespace tasklane {

namespace {

constexpr int kFirstOtherFd = kTcpListenFd + 1;
constexpr std::size_t kInherited = 6;

// Set anew for each worker, or meant for the master alone.
constexpr std::array<std::string_view, 5> kNotForWorkers = {kSlotVariable, kGenerationVariable,
                                                            "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"};

// exec's arguments or environment: pointers into strings that stay.
std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> worker_environment(const WorkerPlace& place) {
  const std::string own[] = {fmt::format("{}={}", kSlotVariable, place.slot),
                             fmt::format("{}={}", kGenerationVariable, place.generation)};
  std::vector<std::string> environment(std::begin(own), std::end(own));
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::find(kNotForWorkers, name) == kNotForWorkers.end()) environment.emplace_back(text);
  }
  return environment;
}

// Puts the sources at 3 to 8, also when they are some of these numbers in another order: each is first
// copied above them. dup2 leaves the copy open across exec, close_range(2) nothing else. Of a source that is
// none the number is not open.
bool arrange_descriptors(std::array<int, kInherited> sources) {
  for (int& source : sources) {
    if (source < 0) continue;
    source = ::fcntl(source, F_DUPFD_CLOEXEC, kFirstOtherFd);
    if (source < 0) return false;
  }
  constexpr std::array<int, kInherited> targets = {kListenFd, kMasterFd, kMetricsFd,
                                                   kValuesFd, kKeysFd,   kTcpListenFd};
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] < 0) {
      ::close(targets[i]);
    } else if (::dup2(sources[i], targets[i]) < 0) {
      return false;
    }
  }
  // Kernels before 5.11 refuse this; the master's own descriptors are close-on-exec in any case.
  ::close_range(kFirstOtherFd, ~0U, CLOSE_RANGE_CLOEXEC);
  return true;
}

void restore_signals() {
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2})
    ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the child. The socket's end would tell the worker of the master's death too, but only while something
// watches it; the death signal needs nothing, and SIGTERM already means drain.
[[noreturn]] void become_worker(pid_t master, const std::array<int, kInherited>& sources,
                                std::vector<char*>& arguments, std::vector<char*>& environment) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != master) ::_exit(kExitTemporary);  // it died before the line above
  if (!arrange_descriptors(sources)) {
    log::error("worker's descriptors could not be arranged", {{"error", std::strerror(errno)}});
    ::_exit(kExitExecFailed);
  }
  restore_signals();
  ::execve(arguments[0], arguments.data(), environment.data());
  const int error = errno;
  log::error("worker could not be executed", {{"path", arguments[0]}, {"error", std::strerror(error)}});
  const std::string why =
      fmt::format("{}cannot execute {}: {}", words::kFailed, arguments[0], std::strerror(error));
  [[maybe_unused]] const ssize_t told = ::write(kMasterFd, why.data(), why.size());
  ::_exit(error == ENOENT ? kExitExecNotFound : kExitExecFailed);
}

std::unexpected<std::string> refusal(std::string_view call) {
  return std::unexpected(fmt::format("{}: {}", call, std::strerror(errno)));
}

}  // namespace

std::expected<WorkerProcess, std::string> spawn_worker(const WorkerCommand& command,
                                                       const Inheritance& inheritance,
                                                       const WorkerPlace& place) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return refusal("socketpair");
  Descriptor channel(ends[0]);
  const Descriptor worker_end(ends[1]);

  std::vector<std::string> words = {command.path};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  auto variables = worker_environment(place);
  auto arguments = pointers(words);
  auto environment = pointers(variables);
  const std::array<int, kInherited> sources = {inheritance.listen_fd,  worker_end.get(),
                                               inheritance.metrics_fd, inheritance.values_fd,
                                               inheritance.keys_fd,    inheritance.tcp_listen_fd};

  const pid_t master = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return refusal("fork");
  if (pid == 0) become_worker(master, sources, arguments, environment);
  if (place.processor) bind_to_processor(pid, *place.processor);  // here, so that the next one sees it
  return WorkerProcess{pid, std::move(channel)};
}

std::string own_executable() {
  std::string path = std::filesystem::read_symlink("/proc/self/exe").string();
  // proc(5) says so of a file that was replaced; whoever really is called that can be reached as well.
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted) && ::access(path.c_str(), F_OK) != 0)
    path.resize(path.size() - kDeleted.size());
  return path;
}

Ending ending(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return {WEXITSTATUS(wait_status), {}};
  const int number = WTERMSIG(wait_status);
  const char* abbreviation = ::sigabbrev_np(number);
  return {-1,
          abbreviation != nullptr ? fmt::format("SIG{}", abbreviation) : fmt::format("signal {}", number)};
}

}  // namespace tasklane
