#include "supervisor/listen_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "base/exit_codes.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/unix_address.h"

namespace tasklane {

namespace {

using Refused = std::unexpected<ListenRefusal>;

constexpr int kFirstInheritedFd = 3;  // SD_LISTEN_FDS_START
constexpr std::chrono::milliseconds kSocketLockPause{10};

Refused refuse(int exit_code, const std::string& path, std::string_view why) {
  return Refused({fmt::format("{}: {}", path, why), exit_code});
}

Refused refuse_call(const std::string& path, std::string_view call) {
  return refuse(kExitTemporary, path, fmt::format("{}: {}", call, std::strerror(errno)));
}

std::expected<UnixAddress, ListenRefusal> socket_address(const std::string& path) {
  if (const auto address = UnixAddress::of(path)) return *address;
  return refuse(
      kExitConfiguration, path,
      fmt::format("has {} bytes; a unix socket's path has 1 to {}", path.size(), kSocketPathMaxBytes));
}

// The folder, locked until the descriptor is closed.
std::expected<Descriptor, ListenRefusal> lock_folder(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return refuse(kExitTemporary, path, fmt::format("the folder {} does not exist", folder));
  if (!fd) return refuse_call(path, fmt::format("the folder {}", folder));
  const auto give_up = std::chrono::steady_clock::now() + limits::kSocketLockTimeout;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return refuse_call(path, "flock of its folder");
    if (std::chrono::steady_clock::now() > give_up)
      return refuse(kExitTemporary, path, "another process holds the lock of its folder");
    std::this_thread::sleep_for(kSocketLockPause);
  }
  return fd;
}

// Makes the path free, or says why it is not.
std::expected<void, ListenRefusal> clear_path(const std::string& path, const UnixAddress& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return refuse_call(path, "lstat");
  }
  if (!S_ISSOCK(status.st_mode))
    return refuse(kExitConfiguration, path,
                  "is no socket; it is left alone, and no socket can be made there");
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return refuse_call(path, "socket");
  // EAGAIN: the queue of a live one is full.
  if (address.connect(probe.get()) || errno == EAGAIN)
    return refuse(kExitTemporary, path, "another process listens there");
  if (errno == ENOENT) return {};
  if (errno != ECONNREFUSED) return refuse_call(path, "a socket of another kind is there: connect");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return refuse_call(path, "removing the stale socket");
  return {};
}

std::expected<std::optional<gid_t>, ListenRefusal> group_id(const ListenAddress& address) {
  const std::string& name = address.group;
  if (name.empty()) return std::nullopt;
  if (const group* entry = ::getgrnam(name.c_str())) return entry->gr_gid;
  if (const auto number = parse_number<gid_t>(name)) return number;
  return refuse(kExitConfiguration, address.path, fmt::format("there is no group {} for it", name));
}

struct SocketOption {
  int level, name, value;
};

// What accepted connections take over (tcp(7), socket(7)).
constexpr SocketOption kConnectionOptions[] = {
    {IPPROTO_TCP, TCP_NODELAY, 1},
    {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, limits::kTcpIdle.count()},
    {IPPROTO_TCP, TCP_KEEPINTVL, limits::kTcpProbeInterval.count()},
    {IPPROTO_TCP, TCP_KEEPCNT, limits::kTcpProbesMax},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, std::chrono::milliseconds(limits::kTcpUnacknowledged).count()},
};

bool set_option(int fd, const SocketOption& option) {
  return ::setsockopt(fd, option.level, option.name, &option.value, sizeof option.value) == 0;
}

}  // namespace

std::expected<ListenSocket, ListenRefusal> ListenSocket::bind_tcp(const std::string& text) {
  const auto address = TcpAddress::of(text);
  if (!address) return refuse(kExitConfiguration, text, "is no ADDRESS:PORT");
  Descriptor fd(::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return refuse_call(text, "socket");
  // At once again after a master that had connections; [::] is IPv6 alone.
  set_option(fd.get(), {SOL_SOCKET, SO_REUSEADDR, 1});
  if (address->family() == AF_INET6) set_option(fd.get(), {IPPROTO_IPV6, IPV6_V6ONLY, 1});
  for (const SocketOption& option : kConnectionOptions) {
    if (!set_option(fd.get(), option)) return refuse_call(text, "setsockopt");
  }
  if (!address->bind(fd.get())) {
    if (errno == EACCES) return refuse(kExitConfiguration, text, "this user may not listen on such a port");
    return refuse_call(text, "bind");
  }
  if (::listen(fd.get(), limits::kListenBacklog) != 0) return refuse_call(text, "listen");
  return ListenSocket(std::move(fd), "", 0, 0);
}

std::expected<ListenSocket, ListenRefusal> ListenSocket::bind(const ListenAddress& wanted) {
  const std::string& path = wanted.path;
  const auto address = socket_address(path);
  if (!address) return std::unexpected(address.error());
  const auto gid = group_id(wanted);
  if (!gid) return std::unexpected(gid.error());
  const auto lock = lock_folder(path);
  if (!lock) return std::unexpected(lock.error());
  if (auto cleared = clear_path(path, *address); !cleared) return std::unexpected(cleared.error());

  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return refuse_call(path, "socket");
  // Born with its mode; and nobody can connect before listen().
  const mode_t before = ::umask(static_cast<mode_t>(~wanted.mode & 0777U));
  const bool bound = address->bind(fd.get());
  ::umask(before);
  if (!bound) return refuse_call(path, "bind");
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return refuse_call(path, "lstat");
  ListenSocket result(std::move(fd), path, status.st_dev, status.st_ino);
  if (*gid && ::lchown(path.c_str(), static_cast<uid_t>(-1), **gid) != 0)
    return refuse_call(path, fmt::format("giving it to group {}", wanted.group));
  if (::listen(result.fd(), limits::kListenBacklog) != 0) return refuse_call(path, "listen");
  return result;
}

std::expected<std::optional<ListenSocket>, ListenRefusal> ListenSocket::inherit() {
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  const bool meant = pid != nullptr && count != nullptr && pid == std::to_string(::getpid());
  const bool one = meant && std::string_view(count) == "1";
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  if (!meant) return std::nullopt;
  const std::string name = "the inherited socket";
  if (!one) return refuse(kExitConfiguration, name, "exactly one is expected (LISTEN_FDS=1)");
  Descriptor fd(kFirstInheritedFd);
  int listening = 0, kind = 0;
  socklen_t size = sizeof(int);
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0)
    return refuse_call(name, "getsockopt");
  ::getsockopt(fd.get(), SOL_SOCKET, SO_DOMAIN, &kind, &size);
  if (listening == 0 || kind != AF_UNIX)
    return refuse(kExitConfiguration, name, "is no listening unix stream socket");
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return refuse_call(name, "fcntl");
  if (::listen(fd.get(), limits::kListenBacklog) != 0) return refuse_call(name, "listen");  // as long as ours
  return ListenSocket(std::move(fd), "", 0, 0);
}

ListenSocket ListenSocket::adopt(Descriptor fd, std::string path) {
  struct stat status {};
  if (path.empty() || ::lstat(path.c_str(), &status) != 0) return {std::move(fd), "", 0, 0};
  return {std::move(fd), std::move(path), status.st_dev, status.st_ino};
}

std::string ListenSocket::bound_path() const {
  sockaddr_un address{};
  socklen_t size = sizeof(address) - 1;  // so that the path ends with a zero
  void* const generic = &address;
  if (::getsockname(fd_.get(), static_cast<sockaddr*>(generic), &size) != 0) return {};
  return address.sun_path;
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

ListenSocket::~ListenSocket() {
  if (path_.empty()) return;
  // While this descriptor is open the inode's number is not used again, so equal means ours.
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
    ::unlink(path_.c_str());
}

std::optional<int> kernel_backlog_max() {
  std::ifstream file("/proc/sys/net/core/somaxconn");
  int value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

}  // namespace tasklane
