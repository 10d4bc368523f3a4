#pragma once
// The master's ear for the operator's command: a unix socket of lines. A client sends one line and reads the
// answer to its end. Everything is bounded (clients, line, time to say it) and non-blocking: whoever does not
// read loses the answer, and nobody can hold the master up.
//
//   reload [wait]    accepted | done generation N, when the last worker of before has gone | failed: why
//   upgrade [wait]   the same, after the master has executed itself anew
//   drain [wait]     accepted | done, when balancers have had DRAIN_DELAY_SECONDS to turn away
//   status           one line of JSON

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptors.h"

namespace tasklane {

class Control {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using ClientId = int;  // its descriptor, unique while it is connected

  struct Command {
    ClientId client;
    enum class Verb { reload, upgrade, drain, status } verb;
    bool wait;
  };
  // A client that waits for a reload's outcome; kUpgrade until the new executable knows its generation;
  // kDrain: for the drain's delay.
  struct Waiter {
    int fd;
    std::uint64_t generation;
  };
  static constexpr std::uint64_t kUpgrade = ~std::uint64_t{0};
  static constexpr std::uint64_t kDrain = kUpgrade - 1;

  // From now on clients can connect: a non-blocking listening socket that outlives this; -1: none.
  void listen(int listener) { listener_ = listener; }

  void watch(std::vector<pollfd>& polled) const;  // appends what poll(2) has to look at
  std::vector<Command> hear(Time now);            // whatever has arrived; answers nonsense itself
  std::optional<Time> next_deadline() const;

  void answer(ClientId client, std::string_view line);  // and hangs up
  void let_wait(ClientId client, std::uint64_t generation);
  // To all that wait for this generation or an earlier one: it serves alone.
  void tell_done(std::uint64_t generation);
  void tell_failed(std::uint64_t generation, std::string_view line);
  void tell_upgrade_failed(std::string_view line);
  void tell_drained();
  void tell_everybody(std::string_view line);  // that waits, but not for the drain's delay

  std::vector<Waiter> waiters() const;           // to be handed to a new executable
  void adopt(const Waiter& waiter);              // by the new one; its descriptor is owned from now on
  void await_upgrade(std::uint64_t generation);  // the generation that ends an upgrade

 private:
  struct Client {
    Descriptor fd;
    std::string line = {};
    std::optional<Time> deadline = {};  // to have said its line
    std::optional<std::uint64_t> awaits = {};
  };

  void accept_all(Time now);
  // The client's command, if its line is complete.
  std::optional<Command> read_line(Client& client);
  void hang_up(const Client& client, std::string_view line);

  int listener_ = -1;
  std::vector<Client> clients_;
};

}  // namespace tasklane
