#include "supervisor/service_notifier.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/log.h"
#include "base/text.h"
#include "base/unix_address.h"

namespace tasklane {

namespace {

constexpr std::chrono::milliseconds kWatchdogIntervalMax{3'600'000};

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : parse_number<std::uint64_t>(text);
}

// Connected, so that a message is one send(2); a missing peer is no reason not to serve.
Descriptor connect_to(std::string_view name) {
  const auto address = UnixAddress::of(name);
  Descriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!address || !fd || !address->connect(fd.get())) return {};
  return fd;
}

}  // namespace

ServiceNotifier ServiceNotifier::from_environment() {
  ServiceNotifier notifier;
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || (*name != '/' && *name != '@')) return notifier;
  notifier.socket_ = connect_to(name);
  if (!notifier.socket_) log::warning("NOTIFY_SOCKET cannot be reached", {{"path", name}});
  const auto microseconds = number_in("WATCHDOG_USEC");
  const auto pid = number_in("WATCHDOG_PID");
  if (notifier.socket_ && microseconds && *microseconds > 0 &&
      pid.value_or(static_cast<std::uint64_t>(::getpid())) == static_cast<std::uint64_t>(::getpid()))
    notifier.interval_ = std::chrono::milliseconds(std::clamp<std::uint64_t>(
        *microseconds / 2'000, 1, static_cast<std::uint64_t>(kWatchdogIntervalMax.count())));
  return notifier;
}

void ServiceNotifier::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1'000));
}

void ServiceNotifier::stopping(std::chrono::milliseconds for_at_most) const {
  send("STOPPING=1");
  send(fmt::format("EXTEND_TIMEOUT_USEC={}", for_at_most.count() * 1'000));
}

void ServiceNotifier::status(const std::string& sentence) {
  if (sentence == status_) return;
  status_ = sentence;
  std::string line = sentence;
  std::ranges::replace(line, '\n', ' ');
  send("STATUS=" + line);
}

void ServiceNotifier::send(std::string_view message) const {
  if (!socket_) return;
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace tasklane
