// nginx's templates: what a value may be, and what a template may ask for. The real nginx reads the result in
// the system tests.

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "cli/nginx_site.h"

using namespace tasklane;

namespace {

const NginxHost kHost = {.alone = false,
                         .ipv6 = true,
                         .log_folder = "/var/log/nginx",
                         .configuration_folder = "/srv/nginx",
                         .docs_folder = "/srv/docs",
                         .www_folder = "/srv/www",
                         .http2_directive = false};

Config configured(std::vector<std::pair<std::string, std::string>> values) {
  values.emplace_back("DATABASE_URL", "postgresql://u:p@127.0.0.1/x");
  const auto config = read_config(values);
  BOOST_REQUIRE(config);
  return *config;
}

TemplateValues values_of(std::vector<std::pair<std::string, std::string>> values) {
  auto made = template_values(configured(std::move(values)), kHost);
  BOOST_REQUIRE(made);
  return std::move(*made);
}

TemplateValues values_on(NginxHost host, std::vector<std::pair<std::string, std::string>> values) {
  auto made = template_values(configured(std::move(values)), host);
  BOOST_REQUIRE(made);
  return std::move(*made);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nginx_template)

BOOST_AUTO_TEST_CASE(replaces_every_name_and_leaves_named_locations_alone) {
  const auto text =
      render_template("a @ONE@-@ONE@;\nerror_page 400 @problem_400; @two@ a@B @", {{"ONE", "1"}});
  BOOST_REQUIRE(text);
  BOOST_TEST(*text == "a 1-1;\nerror_page 400 @problem_400; @two@ a@B @");
}

BOOST_AUTO_TEST_CASE(a_name_that_nobody_knows_is_told_with_its_line) {
  const auto text = render_template("@ONE@\n\n  x @NOBODY@;\n", {{"ONE", "several\nlines"}});
  BOOST_REQUIRE(!text);
  BOOST_TEST(text.error() == "line 3: nobody knows @NOBODY@");
}

BOOST_AUTO_TEST_CASE(an_origin_is_matched_exactly_and_with_case) {
  const auto values = values_of({{"CORS_ORIGINS", "https://app.example.com,http://[::1]:3000,web+app://x"}});
  BOOST_TEST(values.at("CORS_ORIGINS") ==
             "    \"~^https://app\\.example\\.com$\" \"https://app.example.com\";\n"
             "    \"~^http://\\[::1\\]:3000$\" \"http://[::1]:3000\";\n"
             "    \"~^web\\+app://x$\" \"web+app://x\";\n");
}

BOOST_AUTO_TEST_CASE(more_headers_follow_those_that_always_may_be_sent) {
  BOOST_TEST(values_of({}).at("CORS_HEADERS").empty());
  BOOST_TEST(values_of({{"CORS_HEADERS", "X-One,X-Two"}}).at("CORS_HEADERS") == ", X-One, X-Two");
}

BOOST_AUTO_TEST_CASE(beside_other_sites_a_listen_has_no_parameter_that_could_fight_theirs) {
  const auto values = values_of({{"LISTEN_ADDRESSES", "192.0.2.7,[2001:db8::7]"}});
  BOOST_TEST(values.at("SERVER_LISTEN") ==
             "listen 192.0.2.7:443 ssl http2;\n    listen [2001:db8::7]:443 ssl http2;");
  BOOST_TEST(values.at("REDIRECT_LISTEN") == "listen 192.0.2.7:80;\n    listen [2001:db8::7]:80;");
  BOOST_TEST(values.at("LOG_PREFIX") == "tasklane");
}

BOOST_AUTO_TEST_CASE(alone_each_process_has_a_queue_of_its_own) {
  NginxHost host = kHost;
  host.alone = true;
  const auto values = values_on(host, {{"LISTEN_ADDRESSES", "192.0.2.7"}});
  BOOST_TEST(values.at("SERVER_LISTEN") == "listen 192.0.2.7:443 ssl http2 backlog=4096 reuseport;");
  BOOST_TEST(values.at("REDIRECT_LISTEN") == "listen 192.0.2.7:80 backlog=4096;");
}

BOOST_AUTO_TEST_CASE(proxies_may_speak_the_proxy_protocol_or_end_tls) {
  const auto spoken = values_of(
      {{"TRUSTED_PROXIES", "10.0.0.1"}, {"PROXY_PROTOCOL", "on"}, {"LISTEN_ADDRESSES", "192.0.2.7"}});
  BOOST_TEST(spoken.at("SERVER_LISTEN") == "listen 192.0.2.7:443 ssl http2 proxy_protocol;");
  BOOST_TEST(spoken.at("REDIRECT_LISTEN") == "listen 192.0.2.7:80 proxy_protocol;");
  const auto plain = values_of({{"TRUSTED_PROXIES", "10.0.0.1"},
                                {"TLS", "off"},
                                {"PUBLIC_URL", "https://a.test"},
                                {"LISTEN_ADDRESSES", "192.0.2.7"}});
  BOOST_TEST(plain.at("SERVER_LISTEN") == "listen 192.0.2.7:80;");
}

BOOST_AUTO_TEST_CASE(without_an_address_both_families_are_listened_on_where_the_host_has_them) {
  BOOST_TEST(values_of({}).at("REDIRECT_LISTEN") == "listen 0.0.0.0:80;\n    listen [::]:80;");
  NginxHost host = kHost;
  host.ipv6 = false;
  BOOST_TEST(values_on(host, {}).at("REDIRECT_LISTEN") == "listen 0.0.0.0:80;");
}

BOOST_AUTO_TEST_CASE(operators_have_a_server_unless_it_is_off) {
  BOOST_TEST(values_of({}).at("OPERATIONS_SERVER") == "tasklane-operations.conf");
  BOOST_TEST(values_of({{"OPERATIONS_LISTEN", "off"}}).at("OPERATIONS_SERVER").empty());
}

BOOST_AUTO_TEST_CASE(workers_are_at_the_socket_or_at_the_hosts_that_are_named) {
  const auto here = values_of({});
  BOOST_TEST(here.at("WORKERS_AT") == "socket");
  for (const char* const part : {"AGAIN", "AGAIN_HTTP", "AGAIN_PAGES"})
    BOOST_TEST(here.at(part).empty(), part);
  BOOST_TEST(here.at("OWN_WORKERS") == "fastcgi");
  const auto there = values_of({{"FASTCGI_UPSTREAMS", "10.0.0.2:9000,[2001:db8::3]:9000,unix:/run/t.sock"}});
  BOOST_TEST(there.at("WORKERS_AT") == "hosts");
  BOOST_TEST(there.at("FASTCGI_UPSTREAMS") ==
             "server 10.0.0.2:9000 max_fails=1 fail_timeout=10s;\n"
             "server [2001:db8::3]:9000 max_fails=1 fail_timeout=10s;\n"
             "server unix:/run/t.sock max_fails=1 fail_timeout=10s;");
  BOOST_TEST(there.at("FASTCGI_UPSTREAMS_BACKUP").starts_with("server 10.0.0.2:9000 max_fails=0 backup;\n"));
  BOOST_TEST(there.at("OWN_WORKERS") == "own-workers");
}

BOOST_AUTO_TEST_CASE(another_instance_has_its_name_in_all_that_sites_share) {
  const auto values = values_of({{"INSTANCE", "my-staging"}, {"RATE_LIMIT_PER_SECOND", "7"}});
  BOOST_TEST(values.at("SITE") == "tasklane-my-staging");
  BOOST_TEST(values.at("FASTCGI_SOCKET") == "/run/tasklane/my-staging/tasklane.sock");
  BOOST_TEST(values.at("RATE_LIMIT") == "limit_req zone=tasklane_my_staging__rate burst=14 nodelay;");
  BOOST_TEST(values.at("FRONTEND_STATIC") == "proxy_pass http://tasklane_my_staging__frontend;");
  BOOST_TEST(name_for_instance("$tasklane_a:tasklane_b /x/my_tasklane_c", "x") ==
             "$tasklane_x__a:tasklane_x__b /x/my_tasklane_c");
  BOOST_TEST(name_for_instance("$tasklane_a", "tasklane") == "$tasklane_a");
}

BOOST_AUTO_TEST_CASE(a_site_is_one_file) {
  const std::map<std::string, std::string> parts = {
      {"a.conf", "one\n  include \"@CONFIGURATION@/@PART@\";\n  include \"@CONFIGURATION@/@NONE@\";\ntwo\n"},
      {"b.conf", "$tasklane_x\n\n@VALUE@\n"},
      {"wrong.conf", "\n@NOBODY@\n"},
      {"loop.conf", "include \"@CONFIGURATION@/loop.conf\";\n"}};
  const TemplateSource source = [&](const std::string& name) -> std::expected<std::string, std::string> {
    const auto part = parts.find(name);
    if (part == parts.end()) return std::unexpected("cannot read " + name);
    return part->second;
  };
  TemplateValues values = {{"PART", "b.conf"}, {"NONE", ""}, {"VALUE", "tasklane_v"}};
  const auto rendered = [&](const std::string& name) {
    const auto site = render_site(name, "i", values, source);
    return site ? *site : site.error();
  };
  BOOST_TEST(rendered("a.conf") == "one\n  $tasklane_i__x\n\n  tasklane_v\ntwo\n");
  BOOST_TEST(rendered("wrong.conf") == "wrong.conf.template:2: line 1: nobody knows @NOBODY@");
  BOOST_TEST(rendered("loop.conf") == "loop.conf: includes itself");
  values["PART"] = "missing.conf";
  BOOST_TEST(rendered("a.conf") == "cannot read missing.conf");
}

BOOST_AUTO_TEST_CASE(a_rate_limit_of_zero_is_none) {
  BOOST_TEST(values_of({}).at("RATE_LIMIT_ZONE").empty());
  BOOST_TEST(values_of({}).at("RATE_LIMIT").empty());
  const auto values = values_of({{"RATE_LIMIT_PER_SECOND", "7"}});
  BOOST_TEST(values.at("RATE_LIMIT_ZONE").find("rate=7r/s") != std::string::npos);
  BOOST_TEST(values.at("RATE_LIMIT").find("burst=14 nodelay") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_modern_profile_has_tls_1_3_alone) {
  BOOST_TEST(values_of({{"TLS_PROFILE", "modern"}}).at("TLS_SETTINGS") == "ssl_protocols TLSv1.3;");
  BOOST_TEST(values_of({}).at("TLS_SETTINGS").starts_with("ssl_protocols TLSv1.2 TLSv1.3;\nssl_ciphers "));
}

BOOST_AUTO_TEST_CASE(without_a_web_app_there_is_the_landing_page) {
  BOOST_TEST(values_of({}).at("PAGES") == "landing");
  for (const std::string upstream :
       {"127.0.0.1:3000", "[::1]:3000", "web.internal:3000", "unix:/run/web.sock"}) {
    const auto values = values_of({{"FRONTEND_UPSTREAM", upstream}});
    BOOST_TEST(values.at("PAGES") == "frontend");
    BOOST_TEST(values.at("FRONTEND_UPSTREAM") == upstream);
  }
}

BOOST_AUTO_TEST_CASE(static_files_come_from_disk_when_their_folder_is_known) {
  BOOST_TEST(values_of({{"FRONTEND_ROOT", "/srv/web"}}).at("FRONTEND_STATIC") ==
             "alias \"/srv/web/_next/static/\";");
  BOOST_TEST(values_of({}).at("FRONTEND_STATIC") == "proxy_pass http://tasklane_frontend;");
}

BOOST_AUTO_TEST_CASE(hot_reload_is_for_a_development_server_on_this_host) {
  const auto passed = [](const std::string& upstream, const std::string& root) {
    return values_of({{"FRONTEND_UPSTREAM", upstream}, {"FRONTEND_ROOT", root}})
        .at("FRONTEND_HOT_RELOAD")
        .contains("tasklane-frontend-hot-reload.conf");
  };
  for (const std::string here : {"127.0.0.1:3000", "localhost:3000", "[::1]:3000"}) {
    BOOST_TEST(passed(here, ""));
    BOOST_TEST(!passed(here, "/srv/web"));
  }
  BOOST_TEST(!passed("web:3000", ""));
  BOOST_TEST(!passed("", ""));
}

BOOST_AUTO_TEST_CASE(a_path_that_would_end_an_nginx_string_is_refused) {
  for (const std::string folder : {"relative", "/a\"b", "/a;b", "/a$b", "/a\nb", "/a{b"}) {
    NginxHost host = kHost;
    host.docs_folder = folder;
    const auto values = template_values(configured({}), host);
    BOOST_REQUIRE(!values);
    BOOST_TEST(values.error().starts_with("--docs"), values.error());
  }
}

BOOST_AUTO_TEST_CASE(http2_is_a_directive_from_1_25_1_on) {
  for (const char* old :
       {"nginx version: nginx/1.22.1\n", "nginx version: nginx/1.25.0 (Ubuntu)", "nginx/1.9"})
    BOOST_TEST(!has_http2_directive(old), old);
  for (const char* newer :
       {"nginx version: nginx/1.25.1\n", "nginx version: nginx/1.26.3\n", "nginx/2.0.0", ""})
    BOOST_TEST(has_http2_directive(newer), newer);
}

BOOST_AUTO_TEST_SUITE_END()
