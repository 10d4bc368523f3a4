#include "cli/control_commands.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "base/descriptors.h"
#include "base/exit_codes.h"
#include "base/limits.h"
#include "base/unix_address.h"

namespace tasklane {

namespace {

constexpr Option kWait{"wait", "", "return when the old workers are gone; exit 1 and say why when it failed"};
constexpr std::array kWaitOptions = {kWait, kEnvFileOption};
constexpr std::array kStatusOptions = {kEnvFileOption};

constexpr CommandLine kReloadLine = {
    .usage = "tasklane reload [--wait] [--env-file FILE]",
    .about =
        "Has the running master read the configuration anew and replace all "
        "workers: the old ones go when all of\n"
        "the new ones are ready. When the new ones cannot do what the old ones "
        "can, the old ones stay.",
    .options = kWaitOptions};

constexpr CommandLine kUpgradeLine = {
    .usage = "tasklane upgrade [--wait] [--env-file FILE]",
    .about =
        "Has the running master execute the file that has taken the place of its own, in the same process, "
        "and\n"
        "reload. When the new program cannot take over, the old one goes on.",
    .options = kWaitOptions};

constexpr Option kWaitForDrain{"wait", "",
                               "return after DRAIN_DELAY_SECONDS, when balancers have turned away"};
constexpr std::array kDrainOptions = {kWaitForDrain, kEnvFileOption};

constexpr CommandLine kDrainLine = {
    .usage = "tasklane drain [--wait] [--env-file FILE]",
    .about =
        "Has /readyz answer 503 from now on, so that load balancers turn away; every request is still "
        "served.\n"
        "Then stop the service, which waits no longer for them. Only a new start makes the host ready again.",
    .options = kDrainOptions};

constexpr CommandLine kPoolLine = {
    .usage = "tasklane pool [--env-file FILE]",
    .about = "Prints what the running master says of itself and its workers, as one line of JSON.",
    .options = kStatusOptions};

std::expected<Descriptor, std::string> connect_to_master(const std::string& path) {
  const auto address = UnixAddress::of(path);
  if (!address) return std::unexpected("FASTCGI_SOCKET is too long");
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || !address->connect(fd.get())) {
    return std::unexpected(fmt::format("no master can be reached at {}: {}", path, std::strerror(errno)));
  }
  return fd;
}

// All it says until it hangs up; empty when that takes too long.
std::string hear(int fd, std::chrono::milliseconds timeout) {
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  std::string answer;
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&polled, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return {};
    char bytes[4096];
    const ssize_t count = ::read(fd, bytes, sizeof bytes);
    if (count <= 0) return answer;
    answer.append(bytes, static_cast<std::size_t>(count));
  }
}

int ask(const CommandLine& line, Arguments arguments, std::string word) {
  const auto options = read_options(line, arguments);
  if (!options) return options.error();
  const auto socket = read_command_socket(*options);
  if (!socket) return socket.error();
  const bool waits = options->has(kWait.name);
  if (waits) word += " wait";
  const auto answer =
      ask_master(*socket, word, waits ? limits::kControlWaitTimeout : limits::kControlAnswerTimeout);
  if (!answer) return refuse(answer.error(), kExitTemporary);
  if (answer->starts_with("failed") || answer->starts_with("refused")) return refuse(*answer);
  fmt::print("{}\n", *answer);
  return kExitOk;
}

}  // namespace

std::expected<std::string, std::string> ask_master(const std::string& socket, const std::string& command,
                                                   std::chrono::milliseconds timeout) {
  const auto master = connect_to_master(socket + kControlSuffix);
  if (!master) return std::unexpected(master.error());
  const std::string line = command + '\n';
  if (::send(master->get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return std::unexpected("the master did not listen");
  std::string answer = hear(master->get(), timeout);
  if (!answer.ends_with('\n')) return std::unexpected("the master gave no answer in time; see its log");
  answer.pop_back();
  return answer;
}

int reload_command(Arguments arguments) {
  return ask(kReloadLine, arguments, "reload");
}

int upgrade_command(Arguments arguments) {
  return ask(kUpgradeLine, arguments, "upgrade");
}

int drain_command(Arguments arguments) {
  return ask(kDrainLine, arguments, "drain");
}

int pool_command(Arguments arguments) {
  return ask(kPoolLine, arguments, "status");
}

}  // namespace tasklane
