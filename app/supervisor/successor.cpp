#include "supervisor/successor.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace tasklane {

namespace {

std::unexpected<std::string> refusal(std::string_view call) {
  return std::unexpected(fmt::format("{}: {}", call, std::strerror(errno)));
}

void keep_across_exec(int fd, bool keep) {
  ::fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

void unblock_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

std::expected<SuccessorCheck, std::string> ask_successor(const std::string& path, const Handover& state) {
  const Descriptor memory = write_state(encode(state));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refusal("pipe2");
  Descriptor output(ends[0]);
  const Descriptor input(ends[1]);
  if (::fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) return refusal("fcntl");
  const std::string number = std::to_string(memory.get());
  const pid_t pid = ::fork();
  if (pid < 0) return refusal("fork");
  if (pid == 0) {
    ::setpgid(0, 0);
    ::dup2(input.get(), STDOUT_FILENO);
    ::dup2(input.get(), STDERR_FILENO);
    keep_across_exec(memory.get(), true);
    ::setenv(kStateVariable, number.c_str(), 1);
    unblock_signals();
    ::execl(path.c_str(), path.c_str(), kCheckStateOption, nullptr);
    const std::string why = fmt::format("cannot execute {}: {}", path, std::strerror(errno));
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, why.data(), why.size());
    ::_exit(127);
  }
  return SuccessorCheck{pid, std::move(output)};
}

std::string become_successor(const std::string& path, std::vector<std::string> words, const Handover& state) {
  const Descriptor memory = write_state(encode(state));
  std::vector<int> kept = state.descriptors();
  kept.push_back(memory.get());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::setenv(kStateVariable, std::to_string(memory.get()).c_str(), 1);
  for (const int fd : kept) keep_across_exec(fd, true);
  ::execv(path.c_str(), arguments.data());
  const std::string why = fmt::format("cannot execute {}: {}", path, std::strerror(errno));
  for (const int fd : kept) keep_across_exec(fd, false);
  ::unsetenv(kStateVariable);
  return why;
}

}  // namespace tasklane
