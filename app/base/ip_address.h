#pragma once
// IP addresses with a port, networks of them, and the peers of a TCP socket. No names: nothing here asks a
// resolver.

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tasklane {

class IpAddress {
 public:
  // As inet_pton(3) takes it, without brackets.
  static std::optional<IpAddress> of(std::string_view text);
  // Of a peer or a bound socket; nullopt: another family.
  static std::optional<IpAddress> of(const sockaddr_storage& address);

  bool is_loopback() const;
  std::string text() const;

 private:
  friend class IpNetwork;
  friend class TcpAddress;
  int family_ = AF_INET;                  // AF_INET or AF_INET6
  std::array<std::uint8_t, 16> bytes_{};  // of IPv4 the first four
};

// ADDRESS or ADDRESS/BITS; bits of the address past the network's count for nothing.
class IpNetwork {
 public:
  static std::optional<IpNetwork> of(std::string_view text);

  bool contains(const IpAddress& address) const;
  bool is_everything() const { return bits_ == 0; }

 private:
  IpAddress address_;
  unsigned bits_ = 0;
};

// ADDRESS:PORT, an IPv6 address in brackets. bind() leaves errno as the kernel sets it.
class TcpAddress {
 public:
  static std::optional<TcpAddress> of(std::string_view text);

  int family() const { return address_.family_; }
  const IpAddress& address() const { return address_; }
  bool bind(int fd) const;

 private:
  IpAddress address_;
  std::uint16_t port_ = 0;
};

}  // namespace tasklane
