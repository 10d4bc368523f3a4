// Host names become addresses beside the names; what needs no look-up stays as it is.

#include <boost/test/unit_test.hpp>

#include "../unit/awaiting.h"
#include "postgres/host_resolver.h"

using namespace tasklane;

namespace {

// "name=value name=value | …", one part per address.
std::string resolved(const ConnectionKeywords& keywords) {
  boost::asio::io_context loop;
  std::string text;
  for (const auto& address : await(loop, resolve_hosts(keywords))) {
    if (!text.empty()) text += " |";
    for (const auto& [name, value] : address) text += (text.empty() ? "" : " ") + name + '=' + value;
  }
  return text.empty() ? "none" : text;
}

// A label of more than 63 characters: no name, without asking anyone.
const std::string kNoName = std::string(70, 'x') + ".example";

}  // namespace

BOOST_AUTO_TEST_SUITE(host_resolver)

BOOST_AUTO_TEST_CASE(unix_sockets_need_no_look_up) {
  BOOST_TEST(resolved({{"host", "/run/postgresql"}, {"dbname", "d"}}) == "host=/run/postgresql dbname=d");
  BOOST_TEST(resolved({{"host", "@abstract"}}) == "host=@abstract");
  BOOST_TEST(resolved({{"dbname", "d"}}) == "dbname=d");
}

BOOST_AUTO_TEST_CASE(given_addresses_are_left_alone) {
  BOOST_TEST(resolved({{"host", "db.example"}, {"hostaddr", "192.0.2.1"}}) ==
             "host=db.example hostaddr=192.0.2.1");
  BOOST_TEST(resolved({{"host", "a,b"}, {"hostaddr", "192.0.2.1,192.0.2.2"}, {"port", "1,2"}}) ==
             "host=a hostaddr=192.0.2.1 port=1 | host=b hostaddr=192.0.2.2 port=2");
  BOOST_TEST(resolved({{"hostaddr", "192.0.2.1,192.0.2.2"}}) == "hostaddr=192.0.2.1 | hostaddr=192.0.2.2");
}

BOOST_AUTO_TEST_CASE(numeric_hosts_are_their_own_addresses) {
  BOOST_TEST(resolved({{"host", "127.0.0.1"}, {"port", "5433"}}) ==
             "host=127.0.0.1 port=5433 hostaddr=127.0.0.1");
  BOOST_TEST(resolved({{"host", "::1"}}) == "host=::1 hostaddr=::1");
}

// TLS verifies the name, and SNI sends it.
BOOST_AUTO_TEST_CASE(a_name_stays_beside_each_of_its_addresses) {
  const std::string text = resolved({{"host", "localhost"}, {"port", "5433"}, {"sslmode", "verify-full"}});
  BOOST_TEST(text.contains("host=localhost port=5433 sslmode=verify-full hostaddr=127.0.0.1"), text);
  BOOST_TEST(!text.contains("host=127"), text);
}

BOOST_AUTO_TEST_CASE(several_hosts_keep_their_order_and_their_ports) {
  BOOST_TEST(resolved({{"host", "127.0.0.1,/run/pg,127.0.0.2"}, {"port", "1,2,3"}}) ==
             "host=127.0.0.1 port=1 hostaddr=127.0.0.1 | host=/run/pg port=2 |"
             " host=127.0.0.2 port=3 hostaddr=127.0.0.2");
  BOOST_TEST(resolved({{"host", "127.0.0.1,127.0.0.2"}, {"port", "5"}}) ==
             "host=127.0.0.1 port=5 hostaddr=127.0.0.1 | host=127.0.0.2 port=5 hostaddr=127.0.0.2");
}

BOOST_AUTO_TEST_CASE(a_standby_that_is_preferred_is_looked_for_at_all_hosts_first) {
  BOOST_TEST(resolved({{"host", "/a,/b"}, {"target_session_attrs", "prefer-standby"}}) ==
             "host=/a target_session_attrs=standby | host=/b target_session_attrs=standby |"
             " host=/a target_session_attrs=any | host=/b target_session_attrs=any");
}

BOOST_AUTO_TEST_CASE(a_host_without_an_address_is_left_out) {
  BOOST_TEST(resolved({{"host", kNoName}}) == "none");
  BOOST_TEST(resolved({{"host", kNoName + ",127.0.0.1"}, {"port", "1,2"}}) ==
             "host=127.0.0.1 port=2 hostaddr=127.0.0.1");
}

BOOST_AUTO_TEST_CASE(lists_that_do_not_match_are_for_libpq_to_refuse) {
  BOOST_TEST(resolved({{"host", "127.0.0.1,127.0.0.2"}, {"port", "1,2,3"}}) ==
             "host=127.0.0.1,127.0.0.2 port=1,2,3");
  BOOST_TEST(resolved({{"host", "a,b,c"}, {"hostaddr", "192.0.2.1,192.0.2.2"}}) ==
             "host=a,b,c hostaddr=192.0.2.1,192.0.2.2");
}

BOOST_AUTO_TEST_SUITE_END()
