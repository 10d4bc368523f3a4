#include "base/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <vector>

using namespace tasklane;

namespace {

struct Membership {
  std::string network, address;
  bool in;
};

std::ostream& operator<<(std::ostream& out, const Membership& each) {
  return out << each.address << " in " << each.network;
}

const std::vector<Membership> kMemberships = {
    {"10.0.0.1", "10.0.0.1", true},
    {"10.0.0.1", "10.0.0.2", false},
    {"10.0.0.0/8", "10.255.255.255", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"10.1.2.3/8", "10.9.9.9", true},  // what stands past the network's bits counts for nothing
    {"192.0.2.128/25", "192.0.2.127", false},
    {"192.0.2.128/25", "192.0.2.255", true},
    {"192.0.2.6/31", "192.0.2.7", true},
    {"192.0.2.6/31", "192.0.2.8", false},
    {"192.0.2.6/32", "192.0.2.6", true},
    {"0.0.0.0/0", "203.0.113.9", true},
    {"2001:db8::/32", "2001:db8:ffff::1", true},
    {"2001:db8::/32", "2001:db9::", false},
    {"2001:db8::/33", "2001:db8:8000::", false},
    {"2001:DB8::1", "2001:db8:0:0::1", true},
    {"::1/128", "::1", true},
    {"::1/128", "::2", false},
    {"::/0", "10.0.0.1", false},  // of another family
    {"0.0.0.0/0", "::1", false},
    {"::/64", "10.0.0.1", false},
};

sockaddr_storage storage_of(const std::string& text) {
  sockaddr_storage storage{};
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    std::memcpy(&storage, &four, sizeof four);
  } else {
    BOOST_REQUIRE_EQUAL(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr), 1);
    six.sin6_family = AF_INET6;
    std::memcpy(&storage, &six, sizeof six);
  }
  return storage;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ip_address)

BOOST_DATA_TEST_CASE(a_network_has_the_addresses_that_begin_as_it_does, kMemberships, each) {
  const auto network = IpNetwork::of(each.network);
  const auto peer = IpAddress::of(storage_of(each.address));
  BOOST_REQUIRE((network && peer));
  BOOST_TEST(network->contains(*peer) == each.in);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_or_network_is_refused) {
  using namespace std::literals;
  for (const std::string& text : {""s, "10.0.0"s, "10.0.0.256"s, "010.0.0.1"s, "a.example"s, "10.0.0.1/33"s,
                                  "10.0.0.1/-1"s, "10.0.0.1/"s, "10.0.0.1/8/8"s, "::1/129"s, "[::1]"s,
                                  "fe80::1%lo"s, "10.0.0.1\0"s, "10.0.0.1\0/8"s, " 10.0.0.1"s})
    BOOST_TEST(!IpNetwork::of(text), text);
  sockaddr_storage local{};
  local.ss_family = AF_UNIX;
  BOOST_TEST(!IpAddress::of(local));
}

BOOST_AUTO_TEST_CASE(the_network_of_everything_is_known_however_it_is_written) {
  for (const char* const text : {"0.0.0.0/0", "1.2.3.4/0", "0.0.0.0/00", "::/0"})
    BOOST_TEST(IpNetwork::of(text)->is_everything(), text);
  BOOST_TEST(!IpNetwork::of("0.0.0.0/1")->is_everything());
}

BOOST_AUTO_TEST_CASE(an_address_is_shown_as_it_is_usually_written) {
  BOOST_TEST(IpAddress::of("2001:DB8:0:0::1")->text() == "2001:db8::1");
  BOOST_TEST(IpAddress::of(storage_of("192.0.2.7"))->text() == "192.0.2.7");
}

BOOST_AUTO_TEST_CASE(loopback_is_known_in_both_families) {
  for (const char* const text : {"127.0.0.1", "127.9.9.9", "::1"})
    BOOST_TEST(IpAddress::of(text)->is_loopback());
  for (const char* const text : {"0.0.0.0", "::", "10.0.0.1", "::2", "1::1", "::ffff:127.0.0.1"})
    BOOST_TEST(!IpAddress::of(text)->is_loopback(), text);
}

BOOST_AUTO_TEST_CASE(a_place_to_listen_is_an_address_and_a_port) {
  for (const char* const text : {"10.0.0.2:9000", "[::1]:1", "0.0.0.0:65535"})
    BOOST_TEST(TcpAddress::of(text).has_value(), text);
  for (const char* const text :
       {"", "9000", ":9000", "10.0.0.2", "10.0.0.2:0", "10.0.0.2:65536", "10.0.0.2:x", "::1:9000",
        "[10.0.0.2]:9000", "[::1]", "host:9000", "[::1]:9000 "})
    BOOST_TEST(!TcpAddress::of(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
