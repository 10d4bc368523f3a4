// The control socket with real clients, the master's part played by the test.
#include "supervisor/control.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "base/unix_address.h"
#include "supervisor/listen_socket.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

struct Fixture {
  TemporaryFolder folder;
  std::string path = folder / "control";
  std::expected<ListenSocket, ListenRefusal> listener = ListenSocket::bind({.path = path, .mode = 0600});
  Control control;
  Control::Time now{};

  Fixture() {
    BOOST_REQUIRE(listener.has_value());
    control.listen(listener->fd());
  }

  Descriptor client(const std::string& words) {
    Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(UnixAddress::of(path)->connect(fd.get()));
    ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    if (!words.empty())
      BOOST_REQUIRE_EQUAL(::send(fd.get(), words.data(), words.size(), MSG_NOSIGNAL), ssize_t(words.size()));
    return fd;
  }
  // What the client can read: "" nothing yet, "(end)" behind what came before the end.
  static std::string heard(const Descriptor& fd) {
    std::string text;
    char bytes[512];
    ssize_t count = 0;
    while ((count = ::read(fd.get(), bytes, sizeof bytes)) > 0)
      text.append(bytes, static_cast<std::size_t>(count));
    return count == 0 || errno == ECONNRESET ? text + "(end)" : text;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(control, Fixture)

BOOST_AUTO_TEST_CASE(hears_a_command_and_answers_it) {
  const auto asking = client("reload wait\n");
  const auto commands = control.hear(now);
  BOOST_REQUIRE_EQUAL(commands.size(), 1U);
  BOOST_TEST((commands[0].verb == Control::Command::Verb::reload));
  BOOST_TEST(commands[0].wait);
  control.let_wait(commands[0].client, 4);
  control.tell_done(3);
  control.tell_failed(5, "failed: another one");
  BOOST_TEST(heard(asking) == "");
  control.tell_failed(4, "failed: two\nlines");
  BOOST_TEST(heard(asking) == "failed: two lines\n(end)");
}

BOOST_AUTO_TEST_CASE(tells_each_who_waited_for_an_earlier_generation_the_number_it_waited_for) {
  const auto first = client("reload wait\n"), second = client("reload wait\n");
  std::uint64_t generation = 2;
  for (const auto& command : control.hear(now)) control.let_wait(command.client, generation++);
  control.tell_failed(4, "failed: this is of neither");
  control.tell_done(3);
  BOOST_TEST(heard(first) == "done generation 2\n(end)");
  BOOST_TEST(heard(second) == "done generation 3\n(end)");
}

BOOST_AUTO_TEST_CASE(tells_who_waits_for_the_drain_nothing_of_reloads) {
  const auto asking = client("drain wait\n");
  const auto commands = control.hear(now);
  BOOST_REQUIRE_EQUAL(commands.size(), 1U);
  BOOST_TEST((commands[0].verb == Control::Command::Verb::drain));
  control.let_wait(commands[0].client, Control::kDrain);
  control.tell_done(9);
  control.tell_failed(9, "failed");
  control.tell_upgrade_failed("failed");
  control.tell_everybody("failed: the master is stopping");
  BOOST_TEST(heard(asking) == "");
  control.tell_drained();
  BOOST_TEST(heard(asking) == "done\n(end)");
}

BOOST_AUTO_TEST_CASE(waits_for_the_rest_of_a_line) {
  const auto asking = client("sta");
  BOOST_TEST(control.hear(now).empty());
  BOOST_REQUIRE_EQUAL(::send(asking.get(), "tus\n", 4, MSG_NOSIGNAL), 4);
  BOOST_TEST(control.hear(now).size() == 1U);
}

BOOST_AUTO_TEST_CASE(refuses_what_it_does_not_know_and_lines_without_an_end) {
  const auto unknown = client("drop table\n");
  const auto endless = client(std::string(limits::kControlLineMaxBytes + 1, 'a'));
  BOOST_TEST(control.hear(now).empty());
  BOOST_TEST(heard(unknown).starts_with("refused"));
  BOOST_TEST(heard(endless).starts_with("refused"));
}

BOOST_AUTO_TEST_CASE(hangs_up_on_a_client_that_says_nothing_in_time) {
  const auto mute = client("");
  control.hear(now);
  BOOST_TEST((control.next_deadline() == now + limits::kControlLineTimeout));
  control.hear(now + limits::kControlLineTimeout);
  BOOST_TEST(heard(mute) == "(end)");
  BOOST_TEST(!control.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(makes_room_for_a_new_client_when_there_are_too_many) {
  std::vector<Descriptor> mute;
  for (std::size_t i = 0; i < limits::kControlClientsMax; ++i) mute.push_back(client(""));
  control.hear(now);
  const auto asking = client("status\n");
  const auto commands = control.hear(now);
  BOOST_TEST(commands.size() == 1U);
  BOOST_TEST(heard(mute[0]) == "(end)");
  BOOST_TEST(heard(mute[1]) == "");
}

BOOST_AUTO_TEST_CASE(forgets_a_client_that_leaves) {
  {
    const auto leaving = client("reload wait\n");
    control.let_wait(control.hear(now).at(0).client, 2);
  }
  control.hear(now);
  BOOST_TEST(control.waiters().empty());
}

BOOST_AUTO_TEST_CASE(hands_over_who_waits_for_an_upgrade) {
  const auto asking = client("upgrade wait\n");
  control.let_wait(control.hear(now).at(0).client, Control::kUpgrade);
  const auto waiters = control.waiters();
  BOOST_REQUIRE_EQUAL(waiters.size(), 1U);
  Control next;
  next.adopt({.fd = ::dup(waiters[0].fd), .generation = waiters[0].generation});
  next.await_upgrade(9);
  next.tell_done(9);
  BOOST_TEST(heard(asking) == "done generation 9\n");
}

BOOST_AUTO_TEST_SUITE_END()
