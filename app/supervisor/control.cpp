#include "supervisor/control.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/limits.h"

namespace tasklane {

namespace {

using Verb = Control::Command::Verb;

constexpr std::array<std::pair<std::string_view, std::pair<Verb, bool>>, 7> kCommands = {{
    {"reload", {Verb::reload, false}},
    {"reload wait", {Verb::reload, true}},
    {"upgrade", {Verb::upgrade, false}},
    {"upgrade wait", {Verb::upgrade, true}},
    {"drain", {Verb::drain, false}},
    {"drain wait", {Verb::drain, true}},
    {"status", {Verb::status, false}},
}};

}  // namespace

void Control::watch(std::vector<pollfd>& polled) const {
  polled.push_back({listener_, POLLIN, 0});
  // A waiting client that hangs up is noticed by POLLHUP, which needs no asking.
  for (const Client& client : clients_)
    polled.push_back({client.fd.get(), static_cast<short>(client.awaits ? POLLRDHUP : POLLIN), 0});
}

void Control::accept_all(Time now) {
  if (listener_ < 0) return;
  while (true) {
    Descriptor fd(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    if (clients_.size() >= limits::kControlClientsMax) {
      // Somebody who has not said anything yet makes room; if all wait for an outcome, the newcomer goes.
      const auto idle = std::ranges::find_if(clients_, [](const Client& client) { return !client.awaits; });
      if (idle == clients_.end()) continue;
      clients_.erase(idle);
    }
    clients_.push_back({.fd = std::move(fd), .deadline = now + limits::kControlLineTimeout});
  }
}

std::optional<Control::Command> Control::read_line(Client& client) {
  char bytes[limits::kControlLineMaxBytes + 1];
  const ssize_t count = ::recv(client.fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (count <= 0) {  // it left; what it asked for goes on
    client.fd.reset();
    return std::nullopt;
  }
  if (client.awaits) return std::nullopt;  // it has had its say
  client.line.append(bytes, static_cast<std::size_t>(count));
  const auto end = client.line.find('\n');
  if (end == std::string::npos && client.line.size() <= limits::kControlLineMaxBytes) return std::nullopt;
  const std::string_view words = std::string_view(client.line).substr(0, end);
  for (const auto& [name, command] : kCommands) {
    if (words != name || end == std::string::npos) continue;
    client.deadline.reset();
    return Command{client.fd.get(), command.first, command.second};
  }
  hang_up(client, "refused: unknown command");
  client.fd.reset();
  return std::nullopt;
}

std::vector<Control::Command> Control::hear(Time now) {
  std::vector<Command> commands;
  accept_all(now);
  for (Client& client : clients_) {
    if (auto command = read_line(client)) commands.push_back(*command);
  }
  std::erase_if(clients_, [&](const Client& client) {
    return !client.fd || (client.deadline && *client.deadline <= now);
  });
  return commands;
}

std::optional<Control::Time> Control::next_deadline() const {
  std::optional<Time> next;
  for (const Client& client : clients_) {
    if (client.deadline && (!next || *client.deadline < *next)) next = client.deadline;
  }
  return next;
}

// One line whatever it quotes; one attempt, for the buffer of a fresh socket takes it whole.
void Control::hang_up(const Client& client, std::string_view line) {
  std::string text(line);
  std::ranges::replace(text, '\n', ' ');
  text += '\n';
  [[maybe_unused]] const ssize_t sent =
      ::send(client.fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Control::answer(ClientId id, std::string_view line) {
  std::erase_if(clients_, [&](const Client& client) {
    if (client.fd.get() != id) return false;
    hang_up(client, line);
    return true;
  });
}

void Control::let_wait(ClientId id, std::uint64_t generation) {
  for (Client& client : clients_) {
    if (client.fd.get() == id) client.awaits = generation;
  }
}

void Control::tell_done(std::uint64_t generation) {
  std::erase_if(clients_, [&](const Client& client) {
    if (!client.awaits || *client.awaits > generation) return false;
    hang_up(client, "done generation " + std::to_string(*client.awaits));
    return true;
  });
}

void Control::tell_failed(std::uint64_t generation, std::string_view line) {
  std::erase_if(clients_, [&](const Client& client) {
    if (client.awaits != generation) return false;
    hang_up(client, line);
    return true;
  });
}

void Control::tell_upgrade_failed(std::string_view line) {
  tell_failed(kUpgrade, line);
}

void Control::tell_everybody(std::string_view line) {
  std::erase_if(clients_, [&](const Client& client) {
    if (!client.awaits || *client.awaits == kDrain) return false;
    hang_up(client, line);
    return true;
  });
}

void Control::tell_drained() {
  tell_failed(kDrain, "done");
}

std::vector<Control::Waiter> Control::waiters() const {
  std::vector<Waiter> result;
  for (const Client& client : clients_) {
    if (client.awaits) result.push_back({client.fd.get(), *client.awaits});
  }
  return result;
}

void Control::adopt(const Waiter& waiter) {
  clients_.push_back({.fd = Descriptor(waiter.fd), .awaits = waiter.generation});
}

void Control::await_upgrade(std::uint64_t generation) {
  for (Client& client : clients_) {
    if (client.awaits == kUpgrade) client.awaits = generation;
  }
}

}  // namespace tasklane
