#pragma once
// The FastCGI sockets: bound by the master, inherited by every worker, owned and removed by the master alone.
//
// A live socket at the path is refused, a stale one replaced; any other file is left alone and refused. Mode
// and group are set before the socket listens, so nobody ever connects under others. Masters that start at
// once take turns by a lock on the folder (flock(2)), so that none removes the other's fresh socket.
//
// The one by TCP (FASTCGI_LISTEN) gives its options to every connection: a peer that is gone without a word
// is found out by keep-alive probes, or its connection would stay for ever.

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>

#include "base/descriptors.h"
#include "base/ip_address.h"

namespace tasklane {

struct ListenAddress {
  std::string path;
  std::string group = {};  // name or number; empty: unchanged
  unsigned mode = 0660;
};

struct ListenRefusal {
  std::string sentence;  // names the path or address
  int exit_code;         // kExitTemporary when time may mend it, else kExitConfiguration
};

class ListenSocket {
 public:
  // Listening, non-blocking, close-on-exec, backlog limits::kListenBacklog.
  static std::expected<ListenSocket, ListenRefusal> bind(const ListenAddress& address);

  static std::expected<ListenSocket, ListenRefusal> bind_tcp(const std::string& address);

  // The one that the service manager holds for us (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, descriptor 3),
  // empty when there is none. It is never removed, and whoever gave it keeps it when this process dies. The
  // variables are taken out of the environment: they are meant for this process alone.
  static std::expected<std::optional<ListenSocket>, ListenRefusal> inherit();

  // A socket that an earlier executable of this process has bound, or got (then `path` is empty).
  static ListenSocket adopt(Descriptor fd, std::string path);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();  // removes the path, if it is still this socket's

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }  // empty: not ours to remove
  std::string bound_path() const;                    // where it listens, whoever bound it

 private:
  ListenSocket(Descriptor fd, std::string path, dev_t device, ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  Descriptor fd_;
  std::string path_;  // empty: moved from, or not ours
  dev_t device_;
  ino_t inode_;
};

// The longest queue that the kernel grants (net.core.somaxconn), when it says. Below limits::kListenBacklog
// nginx answers 502 earlier than it has to.
std::optional<int> kernel_backlog_max();

}  // namespace tasklane
