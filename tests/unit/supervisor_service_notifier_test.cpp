// sd_notify(3)'s protocol, the service manager's part played by the test.
#include "supervisor/service_notifier.h"

#include <sys/socket.h>

#include <boost/test/unit_test.hpp>

#include "base/text.h"
#include "base/unix_address.h"
#include "temporary_folder.h"

using namespace tasklane;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  TemporaryFolder folder;
  Descriptor manager{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

  void listen_at(const std::string& name) {
    BOOST_REQUIRE(UnixAddress::of(name)->bind(manager.get()));
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  std::string heard() const {
    char bytes[512];
    const ssize_t count = ::recv(manager.get(), bytes, sizeof bytes, 0);
    return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : "";
  }
  ~Fixture() {
    for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(service_notifier, Fixture)

BOOST_AUTO_TEST_CASE(tells_a_path_and_a_name_in_the_abstract_namespace) {
  for (const std::string& name : {folder / "notify", "@tasklane-test-" + std::to_string(::getpid())}) {
    manager = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    listen_at(name);
    const auto told = ServiceNotifier::from_environment();
    told.ready();
    BOOST_TEST(heard() == "READY=1");
    told.stopping(std::chrono::seconds(2));
    BOOST_TEST(heard() == "STOPPING=1");
    BOOST_TEST(heard() == "EXTEND_TIMEOUT_USEC=2000000");
  }
}

BOOST_AUTO_TEST_CASE(says_when_a_reload_began) {
  listen_at(folder / "notify");
  ServiceNotifier::from_environment().reloading();
  const std::string said = heard();
  BOOST_TEST(said.starts_with("RELOADING=1\nMONOTONIC_USEC="));
  BOOST_TEST(parse_number<std::int64_t>(said.substr(said.rfind('=') + 1)).value_or(0) > 0);
}

BOOST_AUTO_TEST_CASE(tells_a_status_once_and_in_one_line) {
  listen_at(folder / "notify");
  auto told = ServiceNotifier::from_environment();
  told.status("two\nlines");
  told.status("two\nlines");
  BOOST_TEST(heard() == "STATUS=two lines");
  BOOST_TEST(heard() == "");
}

BOOST_AUTO_TEST_CASE(knows_how_often_the_watchdog_wants_a_word) {
  listen_at(folder / "notify");
  BOOST_TEST(!ServiceNotifier::from_environment().watchdog_interval().has_value());
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  BOOST_TEST((ServiceNotifier::from_environment().watchdog_interval() == 1500ms));
  ::setenv("WATCHDOG_PID", "1", 1);  // somebody else
  BOOST_TEST(!ServiceNotifier::from_environment().watchdog_interval().has_value());
}

BOOST_AUTO_TEST_CASE(is_silent_without_a_service_notifier) {
  listen_at(folder / "notify");
  ::unsetenv("NOTIFY_SOCKET");
  ServiceNotifier::from_environment().ready();
  ::setenv("NOTIFY_SOCKET", (folder / "nobody").c_str(), 1);
  BOOST_CHECK_NO_THROW(ServiceNotifier::from_environment().ready());
  BOOST_TEST(heard() == "");
}

BOOST_AUTO_TEST_SUITE_END()
