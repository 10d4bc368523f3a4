// Addresses of unix sockets.

#include "base/unix_address.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>

#include "base/descriptors.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

Descriptor new_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unix_address)

BOOST_AUTO_TEST_CASE(leads_to_what_is_bound_there) {
  const TemporaryFolder folder;
  for (const std::string& path : {folder / "s", "@" + (folder / "s")}) {
    const auto address = UnixAddress::of(path);
    BOOST_REQUIRE(address.has_value());
    const Descriptor listener = new_socket(), client = new_socket(), late = new_socket();
    BOOST_TEST(!address->connect(client.get()));
    BOOST_TEST(address->bind(listener.get()));
    BOOST_TEST(::listen(listener.get(), 1) == 0);
    BOOST_TEST(address->connect(client.get()));
    BOOST_TEST(!address->bind(late.get()));
    BOOST_TEST(errno == EADDRINUSE);
  }
  BOOST_TEST(::access((folder / "s").c_str(), F_OK) == 0);
}

BOOST_AUTO_TEST_CASE(has_a_path_of_1_to_107_bytes) {
  BOOST_TEST(!UnixAddress::of("").has_value());
  BOOST_TEST(UnixAddress::of(std::string(107, 'x')).has_value());
  BOOST_TEST(!UnixAddress::of(std::string(108, 'x')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
