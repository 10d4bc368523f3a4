// What nginx's templates are told of proxies and of addresses. The real nginx reads the result in the system
// tests.

#include <boost/test/unit_test.hpp>
#include <string>

#include "cli/nginx_proxies.h"

using namespace tasklane;

namespace {

TemplateValues values_of(GivenValues values) {
  values.emplace_back("DATABASE_URL", "postgresql://u:p@127.0.0.1/x");
  const auto config = read_config(values);
  BOOST_REQUIRE(config);
  return proxy_values(*config);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nginx_proxies)

BOOST_AUTO_TEST_CASE(without_a_proxy_the_list_of_a_neighbour_is_not_inherited) {
  const auto values = values_of({});
  BOOST_TEST(values.at("REAL_IP") ==
             "set_real_ip_from 255.255.255.255;\nreal_ip_header X-Forwarded-For;\nreal_ip_recursive on;");
  BOOST_TEST(values.at("TRUSTED_NETWORKS").empty());
  BOOST_TEST(values.at("TRUSTED_UNIX") == "0");
  BOOST_TEST(values.at("PROXIES") == "no-proxies");
}

BOOST_AUTO_TEST_CASE(trusted_proxies_are_addresses_networks_and_unix_sockets) {
  const auto values = values_of({{"TRUSTED_PROXIES", "127.0.0.1, 2001:db8::/32, unix:"}});
  BOOST_TEST(values.at("REAL_IP") ==
             "set_real_ip_from 127.0.0.1;\nset_real_ip_from 2001:db8::/32;\nset_real_ip_from unix:;\n"
             "real_ip_header X-Forwarded-For;\nreal_ip_recursive on;");
  BOOST_TEST(values.at("TRUSTED_NETWORKS") == "    127.0.0.1 1;\n    2001:db8::/32 1;\n");
  BOOST_TEST(values.at("TRUSTED_UNIX") == "1");
}

BOOST_AUTO_TEST_CASE(behind_the_proxy_protocol_no_header_counts) {
  const auto values = values_of({{"TRUSTED_PROXIES", "10.0.0.1"}, {"PROXY_PROTOCOL", "on"}});
  BOOST_TEST(values.at("REAL_IP").contains("real_ip_header proxy_protocol;"));
  BOOST_TEST(values.at("REQUEST_ID_OF_PROXY") == "$request_id");
  BOOST_TEST(values.at("PROXY_SCHEME").empty());
}

BOOST_AUTO_TEST_CASE(by_rfc_7239_nginxs_own_way_is_off) {
  const auto values = values_of({{"TRUSTED_PROXIES", "10.0.0.1"}, {"PROXY_HEADER", "Forwarded"}});
  BOOST_TEST(values.at("REAL_IP").starts_with("set_real_ip_from 255.255.255.255;\n"));
  BOOST_TEST(values.at("CLIENT") == "$tasklane_client_of_proxy");
  BOOST_TEST(values.at("CLIENT_KEY") == "$tasklane_client_of_proxy");
}

BOOST_AUTO_TEST_CASE(another_instance_has_variables_of_its_own) {
  const auto values =
      values_of({{"INSTANCE", "staging"}, {"TRUSTED_PROXIES", "10.0.0.1"}, {"PROXY_HEADER", "Forwarded"}});
  BOOST_TEST(values.at("ADDRESS") == "$tasklane_staging__client_of_proxy ");
  BOOST_TEST(values.at("CLIENT_KEY") == "$tasklane_staging__client_of_proxy");
  BOOST_TEST(values.at("REQUEST_ID_OF_PROXY") == "$tasklane_staging__offered_request_id");
}

BOOST_AUTO_TEST_CASE(host_names_are_there_once_each) {
  BOOST_TEST(values_of({}).at("OUR_HOSTS") ==
             "    \"127.0.0.1\" \"\";\n    \"[::1]\" \"\";\n    \"localhost\" \"\";\n");
  const auto values = values_of({{"SERVER_NAME", "A.test  a.test. .. .b.test b.test *.b.test [2001:db8::1]"},
                                 {"PUBLIC_URL", "https://a.test:8443"},
                                 {"LISTEN_ADDRESSES", "192.0.2.1"}});
  BOOST_TEST(values.at("OUR_HOSTS") ==
             "    \"*.b.test\" \"\";\n    \"127.0.0.1\" \"\";\n    \"192.0.2.1\" \"\";\n    "
             "\"[2001:db8::1]\" \"\";\n    \"[::1]\" \"\";\n    \"a.test\" "
             "\"\";\n    \"b.test\" \"\";\n    \"localhost\" \"\";\n");
}

BOOST_AUTO_TEST_CASE(redirects_go_to_the_public_url_else_to_the_clients_host_with_our_port) {
  BOOST_TEST(values_of({}).at("PUBLIC_ORIGIN") == "https://$host");
  BOOST_TEST(values_of({{"HTTPS_PORT", "8443"}}).at("PUBLIC_ORIGIN") == "https://$host:8443");
  const auto values = values_of({{"HTTPS_PORT", "8443"}, {"PUBLIC_URL", "https://a.test"}});
  BOOST_TEST(values.at("PUBLIC_ORIGIN") == "https://a.test");
  BOOST_TEST(values.at("PUBLIC_HOST") == "a.test");
  BOOST_TEST(values.at("PUBLIC_PORT") == "443");
  const auto literal = values_of({{"PUBLIC_URL", "https://[2001:db8::1]:8443"}});
  BOOST_TEST(literal.at("PUBLIC_PORT") == "8443");
  BOOST_TEST(literal.at("OUR_HOSTS").contains("\"[2001:db8::1]\""));
  BOOST_TEST(values_of({{"PUBLIC_URL", "https://[2001:db8::1]"}}).at("PUBLIC_PORT") == "443");
}

BOOST_AUTO_TEST_CASE(without_tls_there_is_one_server_on_the_plain_port) {
  const auto values =
      values_of({{"TLS", "off"}, {"TRUSTED_PROXIES", "10.0.0.1"}, {"PUBLIC_URL", "https://a.test"}});
  BOOST_TEST(values.at("DOOR") == "tls-off");
  BOOST_TEST(values.at("REDIRECT_SERVER").empty());
  BOOST_TEST(values_of({}).at("REDIRECT_SERVER") == "tasklane-redirect.conf");
}

BOOST_AUTO_TEST_SUITE_END()
