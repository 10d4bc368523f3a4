#include "base/listen_queue.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "base/descriptors.h"
#include "base/resident_memory.h"
#include "base/unix_address.h"
#include "temporary_folder.h"

using namespace tasklane;

namespace {

struct Listener {
  TemporaryFolder folder;
  UnixAddress address = UnixAddress::of(folder / "socket").value();
  Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)};

  explicit Listener(int backlog) {
    BOOST_REQUIRE(address.bind(socket.get()));
    BOOST_REQUIRE_EQUAL(::listen(socket.get(), backlog), 0);
  }

  Descriptor connect() {
    Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    return address.connect(client.get()) ? std::move(client) : Descriptor();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kernel_numbers)

BOOST_AUTO_TEST_CASE(counts_the_connections_that_wait_to_be_accepted) {
  Listener listener(5);
  const auto inode = inode_of(listener.socket.get());
  BOOST_REQUIRE(inode);
  std::vector<Descriptor> clients;
  for (std::uint32_t waiting = 0; waiting <= 5; ++waiting) {
    const auto queue = listen_queue(*inode);
    BOOST_REQUIRE(queue);
    BOOST_TEST(queue->waiting == waiting);
    BOOST_TEST(queue->max == 5U);
    clients.push_back(listener.connect());
  }
  const Descriptor accepted(::accept(listener.socket.get(), nullptr, nullptr));
  BOOST_TEST(listen_queue(*inode)->waiting == 5U);
}

BOOST_AUTO_TEST_CASE(shows_a_full_queue_as_fuller_than_its_bound) {
  Listener listener(2);
  std::vector<Descriptor> clients;
  while (Descriptor client = listener.connect()) clients.push_back(std::move(client));
  const auto queue = listen_queue(*inode_of(listener.socket.get()));
  BOOST_REQUIRE(queue);
  BOOST_TEST(queue->waiting > queue->max);  // unix(7): one more than the backlog gets in
}

BOOST_AUTO_TEST_CASE(knows_no_queue_of_what_is_no_socket) {
  BOOST_TEST(!inode_of(-1).has_value());
  const Descriptor plain(::open("/dev/null", O_RDONLY));
  BOOST_TEST(!listen_queue(*inode_of(plain.get())).has_value());
}

BOOST_AUTO_TEST_CASE(reads_the_memory_of_a_process_that_lives) {
  const auto own = resident_bytes(static_cast<std::uint64_t>(::getpid()));
  BOOST_REQUIRE(own);
  BOOST_TEST(*own > 1'000'000U);
  BOOST_TEST(!resident_bytes(0).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
