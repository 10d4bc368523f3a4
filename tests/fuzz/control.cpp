// The control protocol: clients that say anything in any pieces, and leave when they like. Whatever is heard
// was said in so many words, and every answer is one line.

#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include "fuzz.h"
#include "supervisor/control.h"

using namespace tasklane;
using fuzz::require;

namespace {

using Verb = Control::Command::Verb;

// An abstract unix socket with a name of the kernel's choice (unix(7), autobind).
int listener(sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  address.sun_family = AF_UNIX;
  socklen_t bytes = sizeof(sa_family_t);
  require(::bind(fd, reinterpret_cast<const sockaddr*>(&address), bytes) == 0 && ::listen(fd, 64) == 0,
          "a socket");
  bytes = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  return fd;
}

struct Client {
  Descriptor fd;
  std::string said = {};
};

// Of one command at most, a whole line.
void read_answer(const Client& client) {
  std::array<char, 4096> bytes{};
  const auto count = ::recv(client.fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count <= 0) return;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
  require(text.find('\n') == text.size() - 1, "an answer is one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  sockaddr_un address{};
  const Descriptor socket(listener(address));
  const auto length = static_cast<socklen_t>(sizeof(sa_family_t) + 6);  // a NUL and five digits
  Control control;
  control.listen(socket.get());
  Control::Time now{};
  std::vector<Client> clients;
  for (int turn = 0; turn < 64 && input.remaining_bytes() > 0; ++turn) {
    if (clients.empty() || input.ConsumeIntegralInRange(0, 3) == 0) {
      Client client{.fd = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
      if (::connect(client.fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0)
        clients.push_back(std::move(client));
    }
    if (clients.empty()) continue;
    const std::size_t index = input.ConsumeIntegral<std::uint8_t>() % clients.size();
    const std::string bytes = input.ConsumeRandomLengthString(100);
    if (::send(clients[index].fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
      clients[index].said += bytes;
    if (input.ConsumeBool()) now += std::chrono::seconds(3);
    for (const Control::Command& command : control.hear(now)) {
      const std::string_view words = command.verb == Verb::reload    ? "reload"
                                     : command.verb == Verb::upgrade ? "upgrade"
                                                                     : "status";
      const std::string line = std::string(words) + (command.wait ? " wait\n" : "\n");
      require(std::ranges::any_of(clients, [&](const Client& each) { return each.said.starts_with(line); }),
              "a command was said");
      if (command.wait)
        control.let_wait(command.client, input.ConsumeIntegralInRange<std::uint64_t>(0, 3));
      else
        control.answer(command.client, input.ConsumeRandomLengthString(50));
    }
    if (input.ConsumeBool())
      control.tell_failed(input.ConsumeIntegralInRange<std::uint64_t>(0, 3), "failed\nso");
    if (input.ConsumeBool()) control.tell_done(input.ConsumeIntegralInRange<std::uint64_t>(0, 3));
    read_answer(clients[index]);
    if (input.ConsumeIntegralInRange(0, 7) == 0)
      clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(index));
    (void)control.next_deadline();
  }
  return 0;
}
