// FASTCGI_ALLOW and FASTCGI_LISTEN: networks and addresses, and which peers are in them, beside a model that
// compares bit by bit.

#include "base/ip_address.h"

#include <netinet/in.h>

#include <cstring>

#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

namespace {

sockaddr_storage peer_of(FuzzedDataProvider& input, std::string& bits) {
  sockaddr_storage peer{};
  const bool four = input.ConsumeBool();
  const std::string bytes = input.ConsumeBytesAsString(four ? 4 : 16);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (four) {
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&peer, &v4, sizeof v4);
  } else {
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&peer, &v6, sizeof v6);
  }
  std::string whole = bytes;
  whole.resize(four ? 4 : 16, '\0');
  for (const char byte : whole) {
    for (int bit = 7; bit >= 0; --bit) bits += (static_cast<unsigned char>(byte) >> bit & 1) != 0 ? '1' : '0';
  }
  return peer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  std::string bits, other_bits;
  const auto peer = IpAddress::of(peer_of(input, bits));
  const auto other = IpAddress::of(peer_of(input, other_bits));
  require(peer && other, "a peer of either family has an address");
  const auto length = input.ConsumeIntegralInRange<std::size_t>(0, bits.size());
  const auto network = IpNetwork::of(peer->text() + "/" + std::to_string(length));
  require(network && network->contains(*peer), "an address is in each of its networks");
  require(network->is_everything() == (length == 0), "only no bits at all are everything");
  const bool same =
      bits.size() == other_bits.size() && bits.substr(0, length) == other_bits.substr(0, length);
  require(network->contains(*other) == same, "a network has those whose first bits are its own");
  const std::string text = input.ConsumeRemainingBytesAsString();
  (void)TcpAddress::of(text);
  if (const auto any = IpNetwork::of(text)) (void)any->contains(*other);
  if (const auto any = IpAddress::of(text))
    require(IpNetwork::of(text)->contains(*any), "an address is in itself");
  return 0;
}
