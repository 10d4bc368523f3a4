// What no site file can undo, found in what `nginx -T` prints.

#include "cli/nginx_inspection.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "cli/nginx_dump.h"

using namespace tasklane;

namespace {

constexpr std::string_view kSite =
    "# configuration file /etc/nginx/sites-enabled/tasklane.conf:\n"
    "server { listen 0.0.0.0:443 ssl http2; listen [::]:443 ssl http2; add_trailer X y; }\n";

std::string said_of(const std::string& http, const std::string& more = {}) {
  const auto config = read_config(GivenValues{{"DATABASE_URL", "postgresql://u:p@127.0.0.1/x"}});
  BOOST_REQUIRE(config);
  std::string said;
  const std::string dump =
      "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
      "# configuration file /etc/nginx/nginx.conf:\nuser www-data;\nevents { }\nhttp {\n" +
      http + "\ninclude sites-enabled/*; # the sites\n}\n" + more + "\n" + std::string(kSite);
  for (const auto& finding : inspect_nginx(*config, dump)) said += finding.sentence + "\n";
  return said;
}

std::string other(const std::string& inside) {
  return "# configuration file /etc/nginx/sites-enabled/other:\nserver {\n" + inside + "\n}\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nginx_inspection)

BOOST_AUTO_TEST_CASE(a_dump_is_read_in_nginxs_order) {
  const auto found = read_nginx_dump(
      "# configuration file /e/n.conf:\na \"b ; c\" '{' x\\ y; # d;\ninclude p/*.conf;\nh { i ${v}z \"\"; }\n"
      "# configuration file /e/p/q.conf:\nfrom_q;\n# configuration file /e/r.conf:\nnever;\n");
  BOOST_REQUIRE(found.size() == 3U);
  BOOST_TEST(found[0].words == (std::vector<std::string>{"a", "b ; c", "{", "x y"}),
             boost::test_tools::per_element());
  BOOST_TEST(found[1].words[0] == "from_q");
  BOOST_TEST(found[1].file == "/e/p/q.conf");
  BOOST_REQUIRE(found[2].inside.size() == 1U);
  BOOST_TEST(found[2].inside[0].words[1] == "${v}z");
}

BOOST_AUTO_TEST_CASE(a_harmless_neighbour_is_told_as_such) {
  BOOST_TEST(
      said_of("gzip on; error_page 404 /x;", other("listen 443 ssl default_server; add_trailer A b;")) ==
      "nginx: nothing of other sites changes Tasklane's answers\n");
}

BOOST_AUTO_TEST_CASE(without_our_site_there_is_nothing_to_judge) {
  const auto config =
      read_config(GivenValues{{"DATABASE_URL", "postgresql://u:p@127.0.0.1/x"}, {"INSTANCE", "staging"}});
  BOOST_TEST(inspect_nginx(*config, "# configuration file /n:\nhttp { add_trailer a b; }\n").empty());
  BOOST_TEST(inspect_nginx(*config, kSite).empty());
  BOOST_TEST(inspect_nginx(*config, "").empty());
}

BOOST_AUTO_TEST_CASE(what_stays_at_http_level_is_named_with_its_file) {
  for (const std::string each : {"add_trailer A b;", "proxy_set_body x;", "more_set_headers 'A: b';",
                                 "access_by_lua_block { deny() }", "brotli on;"}) {
    const std::string name = each.substr(0, each.find(' '));
    BOOST_TEST(said_of(each).starts_with("nginx: `" + name + "` in the http block (/etc/nginx/nginx.conf)"),
               each);
  }
}

BOOST_AUTO_TEST_CASE(a_neighbours_listen_may_decide_for_us) {
  BOOST_TEST(
      said_of("", other("listen *:443 ssl proxy_protocol;")).contains("0.0.0.0:443 has proxy_protocol"));
  BOOST_TEST(
      said_of("", other("listen 192.0.2.7:443 ssl;"))
          .contains("requests to 192.0.2.7:443 go to /etc/nginx/sites-enabled/other, never to Tasklane"));
  BOOST_TEST(said_of("", other("listen [2001:db8::1]:443 ssl;")).contains("requests to [2001:db8::1]:443"));
  BOOST_TEST(said_of("", other("listen 192.0.2.7:8443 ssl;")).contains("nothing of other sites"));
}

BOOST_AUTO_TEST_CASE(the_default_servers_protocols_are_the_sockets) {
  const std::string older = "nginx: the default server of 0.0.0.0:443 (/etc/nginx/sites-enabled/other)";
  BOOST_TEST(said_of("ssl_protocols TLSv1 TLSv1.2;", other("listen 443 ssl;")).starts_with(older));
  BOOST_TEST(said_of("", other("listen 443 ssl; ssl_protocols TLSv1.1;")).starts_with(older));
  BOOST_TEST(
      !said_of("ssl_protocols TLSv1;", other("listen 443 ssl; ssl_protocols TLSv1.3;")).contains("TLS 1.1"));
}

BOOST_AUTO_TEST_SUITE_END()
