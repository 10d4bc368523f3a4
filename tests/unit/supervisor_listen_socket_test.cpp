#include "supervisor/listen_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "base/exit_codes.h"
#include "base/unix_address.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

bool answers(const std::string& path) {
  const Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return UnixAddress::of(path)->connect(client.get());
}

Descriptor bound(const std::string& path, int type = SOCK_STREAM) {
  Descriptor fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  BOOST_REQUIRE(UnixAddress::of(path)->bind(fd.get()));
  return fd;
}

// What a process leaves behind that was killed.
void leave_stale(const std::string& path) {
  bound(path);
}

struct stat status_of(const std::string& path) {
  struct stat status {};
  BOOST_REQUIRE_EQUAL(::lstat(path.c_str(), &status), 0);
  return status;
}

// With a port that was free just now.
std::string free_address(const std::string& host) {
  for (int port = 23'000; port < 24'000; ++port) {
    std::string address = host + ":" + std::to_string(port);
    const Descriptor fd(::socket(TcpAddress::of(address)->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (TcpAddress::of(address)->bind(fd.get())) return address;
  }
  return {};
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

struct Fixture {
  TemporaryFolder folder;
  std::string path = folder / "tasklane.sock";

  ListenRefusal refusal(const ListenAddress& address) {
    const auto socket = ListenSocket::bind(address);
    BOOST_REQUIRE(!socket.has_value());
    BOOST_TEST(socket.error().sentence.starts_with(address.path + ": "), socket.error().sentence);
    return socket.error();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(listen_socket, Fixture)

BOOST_AUTO_TEST_CASE(listens_with_the_mode_asked_for_whatever_the_umask_is) {
  for (const mode_t umask : {0U, 0077U, 0777U}) {
    const mode_t before = ::umask(umask);
    const auto socket = ListenSocket::bind({.path = path, .mode = 0660});
    BOOST_TEST(::umask(before) == umask);  // left as it was
    BOOST_REQUIRE(socket.has_value());
    BOOST_TEST((status_of(path).st_mode & 07777U) == 0660U);
    BOOST_TEST(answers(path));
    BOOST_TEST((::fcntl(socket->fd(), F_GETFL) & O_NONBLOCK) != 0);
    BOOST_TEST((::fcntl(socket->fd(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

BOOST_AUTO_TEST_CASE(removes_its_path_at_the_end) {
  { BOOST_REQUIRE(ListenSocket::bind({.path = path}).has_value()); }
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(leaves_the_path_at_the_end_when_another_has_taken_it) {
  {
    const auto first = ListenSocket::bind({.path = path});
    BOOST_REQUIRE(first.has_value());
    ::unlink(path.c_str());
    leave_stale(path);
  }
  BOOST_TEST(std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(refuses_a_path_where_another_process_listens_and_leaves_it_alone) {
  const auto first = ListenSocket::bind({.path = path});
  BOOST_REQUIRE(first.has_value());
  const auto refused = refusal({.path = path});
  BOOST_TEST(refused.exit_code == kExitTemporary);
  BOOST_TEST(refused.sentence.ends_with("another process listens there"));
  BOOST_TEST(answers(path));
}

BOOST_AUTO_TEST_CASE(takes_a_full_queue_for_a_live_socket) {
  const Descriptor busy = bound(path);
  const auto address = UnixAddress::of(path);
  BOOST_REQUIRE_EQUAL(::listen(busy.get(), 0), 0);
  std::vector<Descriptor> clients;
  for (bool taken = true; taken;) {
    clients.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    taken = address->connect(clients.back().get());
    BOOST_REQUIRE_LT(clients.size(), 100U);
  }
  BOOST_TEST(refusal({.path = path}).sentence.ends_with("another process listens there"));
}

BOOST_AUTO_TEST_CASE(replaces_a_stale_socket) {
  leave_stale(path);
  const auto socket = ListenSocket::bind({.path = path});
  BOOST_REQUIRE(socket.has_value());
  BOOST_TEST(answers(path));
}

BOOST_AUTO_TEST_CASE(leaves_any_other_file_alone) {
  std::ofstream(path) << "precious";
  BOOST_TEST(refusal({.path = path}).exit_code == kExitConfiguration);
  BOOST_TEST(content(path) == "precious");
  const std::string link = folder / "link";
  leave_stale(folder / "stale");
  std::filesystem::create_symlink(folder / "stale", link);
  refusal({.path = link});
  BOOST_TEST(std::filesystem::is_symlink(link));
  const std::string datagram = folder / "datagram";
  const Descriptor live = bound(datagram, SOCK_DGRAM);
  refusal({.path = datagram});
  BOOST_TEST(std::filesystem::exists(datagram));
}

BOOST_AUTO_TEST_CASE(says_which_folder_is_missing) {
  const auto refused = refusal({.path = folder / "missing/tasklane.sock"});
  BOOST_TEST(refused.sentence.ends_with("the folder " + folder.path() + "/missing/ does not exist"));
}

BOOST_AUTO_TEST_CASE(says_that_a_path_is_too_long) {
  const auto refused = refusal({.path = folder / std::string(107, 'x')});
  BOOST_TEST(refused.exit_code == kExitConfiguration);
  BOOST_TEST(refused.sentence.find("a unix socket's path has 1 to 107") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(gives_the_socket_to_its_group) {
  BOOST_TEST(refusal({.path = path, .group = "no-such-group"}).exit_code == kExitConfiguration);
  BOOST_TEST(!std::filesystem::exists(path));
  // Another group than the folder's needs root or membership; one's own is always allowed.
  const gid_t wanted = ::geteuid() == 0 ? 12'345 : ::getegid();
  const auto socket = ListenSocket::bind({.path = path, .group = std::to_string(wanted)});
  BOOST_REQUIRE(socket.has_value());
  BOOST_TEST(status_of(path).st_gid == wanted);
}

BOOST_AUTO_TEST_CASE(lets_one_of_many_masters_win_that_start_at_once) {
  leave_stale(path);
  std::vector<pid_t> masters;
  const std::string ready = folder / "over";
  for (int i = 0; i < 8; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const auto socket = ListenSocket::bind({.path = path});
      if (!socket) ::_exit(socket.error().exit_code);
      eventually([&] { return std::filesystem::exists(ready); });
      ::_exit(answers(path) ? 0 : 1);
    }
    masters.push_back(pid);
  }
  int winners = 0;
  for (int over = 0; over < 8; ++over) {
    if (over == 7) std::ofstream(ready).put('\n');  // the seven others have lost
    int status = 0;
    BOOST_REQUIRE(::waitpid(-1, &status, 0) > 0);
    BOOST_TEST((WEXITSTATUS(status) == kExitOk || WEXITSTATUS(status) == kExitTemporary));
    winners += WEXITSTATUS(status) == kExitOk ? 1 : 0;
  }
  BOOST_TEST(winners == 1);
}

BOOST_AUTO_TEST_CASE(gives_up_on_a_folder_that_somebody_keeps_locked) {
  const Descriptor lock(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  BOOST_REQUIRE_EQUAL(::flock(lock.get(), LOCK_EX), 0);
  BOOST_TEST(refusal({.path = path}).exit_code == kExitTemporary);
}

BOOST_AUTO_TEST_CASE(listens_by_tcp_in_both_families_and_gives_connections_their_options) {
  for (const std::string host : {"127.0.0.1", "[::1]"}) {
    const std::string address = free_address(host);
    const auto socket = ListenSocket::bind_tcp(address);
    BOOST_REQUIRE_MESSAGE(socket, (socket ? "" : socket.error().sentence));
    BOOST_TEST(socket->path().empty());
    BOOST_TEST(option(socket->fd(), SOL_SOCKET, SO_ACCEPTCONN) == 1);
    BOOST_TEST(option(socket->fd(), SOL_SOCKET, SO_KEEPALIVE) == 1);
    BOOST_TEST(option(socket->fd(), IPPROTO_TCP, TCP_NODELAY) == 1);
    BOOST_TEST(option(socket->fd(), IPPROTO_TCP, TCP_KEEPIDLE) == 5);
    BOOST_TEST(option(socket->fd(), IPPROTO_TCP, TCP_USER_TIMEOUT) == 10'000);
    const auto second = ListenSocket::bind_tcp(address);  // another process may end
    BOOST_REQUIRE(!second);
    BOOST_TEST(second.error().exit_code == kExitTemporary);
    BOOST_TEST(second.error().sentence.starts_with(address + ": bind: "), second.error().sentence);
  }
}

BOOST_AUTO_TEST_CASE(an_address_that_this_host_does_not_have_may_come) {
  const auto socket = ListenSocket::bind_tcp("192.0.2.7:9000");
  BOOST_REQUIRE(!socket);
  BOOST_TEST(socket.error().exit_code == kExitTemporary);
}

BOOST_AUTO_TEST_CASE(knows_the_kernel_s_longest_queue) {
  const auto backlog = kernel_backlog_max();
  BOOST_REQUIRE(backlog);
  BOOST_TEST(std::to_string(*backlog) + "\n" == content("/proc/sys/net/core/somaxconn"));
}

BOOST_AUTO_TEST_SUITE_END()
