#include "base/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace tasklane {

std::optional<IpAddress> IpAddress::of(std::string_view text) {
  const std::string whole(text);
  if (whole.contains('\0')) return std::nullopt;  // inet_pton would read as far as that
  IpAddress address;
  address.family_ = whole.contains(':') ? AF_INET6 : AF_INET;
  if (::inet_pton(address.family_, whole.c_str(), address.bytes_.data()) != 1) return std::nullopt;
  return address;
}

std::optional<IpAddress> IpAddress::of(const sockaddr_storage& from) {
  IpAddress address;
  address.family_ = from.ss_family;
  if (from.ss_family == AF_INET) {
    sockaddr_in four;
    std::memcpy(&four, &from, sizeof four);
    std::memcpy(address.bytes_.data(), &four.sin_addr, sizeof four.sin_addr);
  } else if (from.ss_family == AF_INET6) {
    sockaddr_in6 six;
    std::memcpy(&six, &from, sizeof six);
    std::memcpy(address.bytes_.data(), &six.sin6_addr, sizeof six.sin6_addr);
  } else {
    return std::nullopt;
  }
  return address;
}

bool IpAddress::is_loopback() const {
  if (family_ == AF_INET) return bytes_[0] == 127;
  return bytes_.back() == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; });
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family_, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::optional<IpNetwork> IpNetwork::of(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::of(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork network;
  network.address_ = *address;
  network.bits_ = address->family_ == AF_INET ? 32 : 128;
  if (slash == std::string_view::npos) return network;
  const auto bits = parse_number<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > network.bits_) return std::nullopt;
  network.bits_ = *bits;
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  if (address.family_ != address_.family_) return false;
  const std::size_t whole = bits_ / 8;
  if (!std::equal(address.bytes_.begin(), address.bytes_.begin() + whole, address_.bytes_.begin()))
    return false;
  const unsigned rest = bits_ % 8;
  return rest == 0 || (address.bytes_[whole] ^ address_.bytes_[whole]) >> (8 - rest) == 0;
}

std::optional<TcpAddress> TcpAddress::of(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::of(host);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!address || !port || *port == 0 || brackets != (address->family_ == AF_INET6)) return std::nullopt;
  TcpAddress result;
  result.address_ = *address;
  result.port_ = *port;
  return result;
}

bool TcpAddress::bind(int fd) const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  if (family() == AF_INET) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port_);
    std::memcpy(&four.sin_addr, address_.bytes_.data(), sizeof four.sin_addr);
    std::memcpy(&storage, &four, sizeof four);
  } else {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port_);
    std::memcpy(&six.sin6_addr, address_.bytes_.data(), sizeof six.sin6_addr);
    std::memcpy(&storage, &six, sizeof six);
    size = sizeof six;
  }
  const void* const generic = &storage;
  return ::bind(fd, static_cast<const sockaddr*>(generic), size) == 0;
}

}  // namespace tasklane
