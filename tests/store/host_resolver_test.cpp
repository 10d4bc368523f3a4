// Host names become addresses beside the names; what needs no look-up stays as it is.

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "../unit/awaiting.h"
#include "postgres/host_resolver.h"

using namespace tasklane;

namespace {

std::string resolved(const ConnectionKeywords& keywords) {
  boost::asio::io_context loop;
  const auto result = await(loop, resolve_hosts(keywords));
  if (!result) return "none";
  std::string text;
  for (const auto& [name, value] : *result) text += (text.empty() ? "" : " ") + name + '=' + value;
  return text;
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
}

BOOST_AUTO_TEST_CASE(numeric_hosts_are_their_own_addresses) {
  BOOST_TEST(resolved({{"host", "127.0.0.1"}, {"port", "5433"}}) ==
             "host=127.0.0.1 port=5433 hostaddr=127.0.0.1");
  BOOST_TEST(resolved({{"host", "::1"}}) == "host=::1 hostaddr=::1 port=");
}

BOOST_AUTO_TEST_CASE(a_name_stays_beside_each_of_its_addresses) {
  const std::string text = resolved({{"host", "localhost"}, {"port", "5433"}});
  BOOST_TEST(text.find("127.0.0.1") != std::string::npos, text);
  const auto names = std::ranges::count(text.substr(0, text.find(" port=")), ',');
  const auto addresses = std::ranges::count(text.substr(text.find("hostaddr=")), ',');
  BOOST_TEST(names == addresses);
  BOOST_TEST(text.starts_with("host=localhost"));
}

BOOST_AUTO_TEST_CASE(several_hosts_keep_their_ports) {
  BOOST_TEST(resolved({{"host", "127.0.0.1,/run/pg,127.0.0.2"}, {"port", "1,2,3"}}) ==
             "host=127.0.0.1,/run/pg,127.0.0.2 port=1,2,3 hostaddr=127.0.0.1,,127.0.0.2");
  BOOST_TEST(resolved({{"host", "127.0.0.1,127.0.0.2"}, {"port", "5"}}) ==
             "host=127.0.0.1,127.0.0.2 port=5,5 hostaddr=127.0.0.1,127.0.0.2");
}

BOOST_AUTO_TEST_CASE(a_host_without_an_address_is_left_out) {
  BOOST_TEST(resolved({{"host", kNoName}}) == "none");
  BOOST_TEST(resolved({{"host", kNoName + ",127.0.0.1"}, {"port", "1,2"}}) ==
             "host=127.0.0.1 port=2 hostaddr=127.0.0.1");
}

BOOST_AUTO_TEST_SUITE_END()
