#include "base/unix_address.h"

#include <sys/socket.h>

namespace tasklane {

namespace {

const sockaddr* generic(const sockaddr_un& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

}  // namespace

std::optional<UnixAddress> UnixAddress::of(std::string_view path) {
  if (path.empty() || path.size() > kSocketPathMaxBytes) return std::nullopt;
  UnixAddress made;
  made.address_.sun_family = AF_UNIX;
  path.copy(made.address_.sun_path, path.size());
  made.size_ = static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  if (path.front() == '@') {  // a zero in front, none behind
    made.address_.sun_path[0] = '\0';
    --made.size_;
  }
  return made;
}

bool UnixAddress::connect(int fd) const {
  return ::connect(fd, generic(address_), size_) == 0;
}

bool UnixAddress::bind(int fd) const {
  return ::bind(fd, generic(address_), size_) == 0;
}

}  // namespace tasklane
