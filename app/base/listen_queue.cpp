#include "base/listen_queue.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>

#include "base/descriptors.h"

namespace tasklane {

namespace {

struct Query {
  nlmsghdr header;
  unix_diag_req request;
};

// A kernel answers a dump of one at once; the bound is for one that does not.
constexpr std::chrono::milliseconds kListenQueueTimeout{100};

bool send_query(int fd, ino_t inode) {
  Query query{};
  query.header.nlmsg_len = sizeof query;
  query.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  query.header.nlmsg_flags = NLM_F_REQUEST;
  query.request.sdiag_family = AF_UNIX;
  query.request.udiag_states = ~0U;
  query.request.udiag_ino = static_cast<__u32>(inode);
  query.request.udiag_show = UDIAG_SHOW_RQLEN;
  query.request.udiag_cookie[0] = ~0U;  // whatever its cookie is
  query.request.udiag_cookie[1] = ~0U;
  return ::send(fd, &query, sizeof query, 0) == static_cast<ssize_t>(sizeof query);
}

// netlink(7): a header, the answer's own struct, then attributes, each aligned to four bytes.
std::optional<ListenQueue> find_queue(const char* bytes, std::size_t length, ino_t inode) {
  nlmsghdr header;
  unix_diag_msg message;
  if (length < NLMSG_HDRLEN + sizeof message) return std::nullopt;
  std::memcpy(&header, bytes, sizeof header);
  std::memcpy(&message, bytes + NLMSG_HDRLEN, sizeof message);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || message.udiag_ino != static_cast<__u32>(inode))
    return std::nullopt;
  std::size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof message);
  while (at + sizeof(rtattr) <= length) {
    rtattr attribute;
    std::memcpy(&attribute, bytes + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > length) return std::nullopt;
    unix_diag_rqlen queue;
    if (attribute.rta_type == UNIX_DIAG_RQLEN && attribute.rta_len >= RTA_LENGTH(sizeof queue)) {
      std::memcpy(&queue, bytes + at + RTA_LENGTH(0), sizeof queue);
      return ListenQueue{.waiting = queue.udiag_rqueue, .max = queue.udiag_wqueue};
    }
    at += RTA_ALIGN(attribute.rta_len);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ListenQueue> listen_queue(ino_t inode) {
  const Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return std::nullopt;
  const timeval timeout{.tv_sec = 0, .tv_usec = kListenQueueTimeout.count() * 1000};
  ::setsockopt(netlink.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (!send_query(netlink.get(), inode)) return std::nullopt;
  std::array<char, 4096> answer;
  const ssize_t length = ::recv(netlink.get(), answer.data(), answer.size(), 0);
  if (length <= 0) return std::nullopt;
  return find_queue(answer.data(), static_cast<std::size_t>(length), inode);
}

std::optional<ino_t> inode_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return std::nullopt;
  return status.st_ino;
}

}  // namespace tasklane
