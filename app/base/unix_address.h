#pragma once
// The address of a unix socket (unix(7)), and the two calls that take one. Both leave errno as the kernel
// sets it.

#include <sys/un.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace tasklane {

inline constexpr std::size_t kSocketPathMaxBytes = 107;  // the kernel wants a zero behind it
static_assert(kSocketPathMaxBytes + 1 == sizeof(sockaddr_un::sun_path));

class UnixAddress {
 public:
  // A path; with an @ in front, the name of an abstract socket. nullopt: it is empty or too long.
  static std::optional<UnixAddress> of(std::string_view path);

  bool connect(int fd) const;
  bool bind(int fd) const;

 private:
  UnixAddress() = default;

  sockaddr_un address_{};
  unsigned size_ = 0;
};

}  // namespace tasklane
