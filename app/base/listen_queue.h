#pragma once
// How many connections wait in a unix socket's listen queue, as the kernel has it (sock_diag(7), UNIX_DIAG):
// what `ss -xl` shows as Recv-Q and Send-Q. A full queue is an immediate 502 in nginx.

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace tasklane {

struct ListenQueue {
  std::uint32_t waiting;
  std::uint32_t max;  // the backlog in force, after net.core.somaxconn has cut it
};

// `inode` is the socket's own, from fstat(2) of its descriptor. Empty when the kernel does not say: without
// the module unix_diag, or where netlink is forbidden.
std::optional<ListenQueue> listen_queue(ino_t inode);

// Of a descriptor; empty when it is none.
std::optional<ino_t> inode_of(int fd);

}  // namespace tasklane
