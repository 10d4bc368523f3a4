#include "base/config.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/limits.h"
#include "base/settings.h"

using namespace tasklane;
using namespace std::literals;

namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

// The least that is complete, and some more.
Values with(Values more) {
  Values values = {{"DATABASE_URL", "postgresql://tasklane:hunter2@db/tasks"}};
  values.insert(values.end(), more.begin(), more.end());
  return values;
}

Config config_of(const Values& more) {
  auto config = read_config(with(more));
  BOOST_REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().front()));
  return *config;
}

struct Bad {
  const char* name;
  std::string value;
  const char* sentence;
};
std::ostream& operator<<(std::ostream& out, const Bad& bad) {
  return out << bad.name << "=" << bad.value;
}

const std::vector<Bad> kBadValues = {
    {"DATABASE_URL", "", "DATABASE_URL is not set"},
    {"DATABASE_URL", "mysql://hunter2@host/db", "DATABASE_URL must begin with postgresql://"},
    {"DATABASE_URL_DIRECT", "host=hunter2", "DATABASE_URL_DIRECT must begin with postgresql://"},
    {"DATABASE_CONNECTIONS", "0", "DATABASE_CONNECTIONS must be a whole number from 1 to 4"},
    {"DATABASE_CONNECTIONS", "5", "DATABASE_CONNECTIONS must be"},
    {"BETTER_AUTH_SECRET", "hunter2", "BETTER_AUTH_SECRET has 7 bytes; at least 32 are needed"},
    {"BETTER_AUTH_SECRET", std::string(31, 'x'), "BETTER_AUTH_SECRET has 31 bytes"},
    {"BETTER_AUTH_SECRETS", "2:hunter2", "BETTER_AUTH_SECRETS version 2 has 7 bytes; at least 32 are needed"},
    {"AUTH_JWKS", "keys.json", "AUTH_JWKS must be \"database\" or an absolute path"},
    {"AUTH_JWKS_TABLE", "jwks; DROP TABLE tasks", "AUTH_JWKS_TABLE must be a table's name or SCHEMA.TABLE"},
    {"AUTH_JWKS_TABLE", "a.b.c", "AUTH_JWKS_TABLE must be a table's name or SCHEMA.TABLE"},
    {"AUTH_JWKS_TABLE", "auth.", "AUTH_JWKS_TABLE must be a table's name or SCHEMA.TABLE"},
    {"AUTH_JWKS_TABLE", "2keys", "AUTH_JWKS_TABLE must be a table's name or SCHEMA.TABLE"},
    {"AUTH_JWKS_TABLE", "\"jwks\"", "AUTH_JWKS_TABLE must be a table's name or SCHEMA.TABLE"},
    {"AUTH_RSA_ALGORITHM", "HS256", "AUTH_RSA_ALGORITHM must be one of: RS256, PS256"},
    {"AUTH_LEEWAY_SECONDS", "-1", "AUTH_LEEWAY_SECONDS must be a whole number from 0 to 300"},
    {"AUTH_LEEWAY_SECONDS", "30s", "AUTH_LEEWAY_SECONDS must be"},
    {"TOKEN_CACHE_ENTRIES", "1000001", "TOKEN_CACHE_ENTRIES must be"},
    {"INSTANCE", "Staging", "INSTANCE must be at most 32 letters in lower case"},
    {"INSTANCE", "a_b", "INSTANCE must be at most"},
    {"INSTANCE", "a--b", "INSTANCE must be at most"},
    {"INSTANCE", "-a", "INSTANCE must be at most"},
    {"INSTANCE", "../a", "INSTANCE must be at most"},
    {"INSTANCE", std::string(33, 'a'), "INSTANCE must be at most"},
    {"FASTCGI_SOCKET", "run/tasklane.sock", "FASTCGI_SOCKET must be an absolute path"},
    {"FASTCGI_SOCKET", "/run/x;y", "FASTCGI_SOCKET must be an absolute path of letters"},
    {"FASTCGI_SOCKET", "/" + std::string(99, 'x'), "FASTCGI_SOCKET is longer than 99 bytes"},
    {"FASTCGI_SOCKET_MODE", "0888", "FASTCGI_SOCKET_MODE must be an octal file mode"},
    {"FASTCGI_SOCKET_MODE", "1777", "FASTCGI_SOCKET_MODE must be an octal file mode"},
    {"WORKERS", "0", "WORKERS must be a whole number from 1 to 64"},
    {"WORKERS", "65", "WORKERS must be"},
    {"WORKERS", "99999999999999999999", "WORKERS must be"},
    {"WORKERS", "two", "WORKERS must be"},
    {"REQUESTS_IN_FLIGHT_MAX", "0", "REQUESTS_IN_FLIGHT_MAX must be"},
    {"DRAIN_TIMEOUT_SECONDS", "3601", "DRAIN_TIMEOUT_SECONDS must be"},
    {"LOG_LEVEL", "loud", "LOG_LEVEL must be one of: debug, info, warning, error"},
    {"LOG_FORMAT", "xml", "LOG_FORMAT must be one of: auto, json, text"},
    {"NGINX_USER", "www-data;", "NGINX_USER must be"},
    {"SERVER_NAME", "a.example.com;", "SERVER_NAME must be host names"},
    {"LISTEN_ADDRESSES", "example.com", "LISTEN_ADDRESSES entry 1 must be an IP address"},
    {"LISTEN_ADDRESSES", "127.0.0.1\0; root /"s, "LISTEN_ADDRESSES entry 1 must be an IP address"},
    {"LISTEN_ADDRESSES", "0.0.0.0,::1", "LISTEN_ADDRESSES entry 2 must be an IP address"},
    {"LISTEN_ADDRESSES", "[127.0.0.1]", "LISTEN_ADDRESSES entry 1 must be an IP address"},
    {"LISTEN_ADDRESS", "127.0.0.1", "LISTEN_ADDRESS is LISTEN_ADDRESSES now, a list; give it that name"},
    {"OPERATIONS_LISTEN", "127.0.0.1", "OPERATIONS_LISTEN must be ADDRESS:PORT"},
    {"OPERATIONS_LISTEN", "localhost:8082", "OPERATIONS_LISTEN must be ADDRESS:PORT"},
    {"OPERATIONS_LISTEN", "::1:8082", "OPERATIONS_LISTEN must be ADDRESS:PORT"},
    {"OPERATIONS_LISTEN", "127.0.0.1:0", "OPERATIONS_LISTEN must be ADDRESS:PORT"},
    {"OPERATIONS_LISTEN", "127.0.0.1:443", "OPERATIONS_LISTEN must have another port than HTTPS_PORT"},
    {"OPERATIONS_LISTEN", "[::]:80", "OPERATIONS_LISTEN must have another port than HTTPS_PORT"},
    {"SERVER_NAME", "a.example.com [::x]", "SERVER_NAME must be host names"},
    {"SERVER_NAME", "[127.0.0.1]", "SERVER_NAME must be host names"},
    {"PUBLIC_URL", "http://tasks.example.com", "PUBLIC_URL must be an origin such as"},
    {"PUBLIC_URL", "https://tasks.example.com/", "PUBLIC_URL must be an origin such as"},
    {"PUBLIC_URL", "https://tasks.example.com/app", "PUBLIC_URL must be an origin such as"},
    {"PUBLIC_URL", "https://tasks.example.com?x=1", "PUBLIC_URL must be an origin such as"},
    {"PUBLIC_URL", "https://Tasks.example.com:443", "PUBLIC_URL must be an origin such as"},
    {"PUBLIC_URL", "https://user@tasks.example.com", "PUBLIC_URL must be an origin such as"},
    {"PUBLIC_URL", "https://a$host", "PUBLIC_URL must be an origin such as"},
    {"TRUSTED_PROXIES", "10.0.0.1, proxy.example.com", "TRUSTED_PROXIES entry 2 must be an address"},
    {"TRUSTED_PROXIES", "0.0.0.0/0", "TRUSTED_PROXIES entry 1 must be an address"},
    {"TRUSTED_PROXIES", "::/0", "TRUSTED_PROXIES entry 1 must be an address"},
    {"TRUSTED_PROXIES", "10.0.0.0/33", "TRUSTED_PROXIES entry 1 must be an address"},
    {"TRUSTED_PROXIES", "unix:/run/x", "TRUSTED_PROXIES entry 1 must be an address"},
    {"TRUSTED_PROXIES", "0.0.0.0/00", "TRUSTED_PROXIES entry 1 must be an address"},
    {"FASTCGI_LISTEN", "9000", "FASTCGI_LISTEN must be ADDRESS:PORT"},
    {"FASTCGI_LISTEN", "::1:9000", "FASTCGI_LISTEN must be ADDRESS:PORT"},
    {"FASTCGI_LISTEN", "127.0.0.1:0", "FASTCGI_LISTEN must be ADDRESS:PORT"},
    {"FASTCGI_LISTEN", "off", "FASTCGI_LISTEN must be ADDRESS:PORT"},
    {"FASTCGI_LISTEN", "10.0.0.2:9000", "FASTCGI_LISTEN needs FASTCGI_ALLOW"},
    {"FASTCGI_LISTEN", "[::]:9000", "FASTCGI_LISTEN needs FASTCGI_ALLOW"},
    {"FASTCGI_UPSTREAMS", "10.0.0.2", "FASTCGI_UPSTREAMS entry 1 must be host:port or unix:/path"},
    {"FASTCGI_UPSTREAMS", "10.0.0.2:9000,a:80; server b:81", "FASTCGI_UPSTREAMS entry 2 must be"},
    {"PROXY_HEADER", "X-Real-IP", "PROXY_HEADER must be one of: X-Forwarded-For, Forwarded"},
    {"PROXY_HEADER", "Forwarded", "PROXY_HEADER needs TRUSTED_PROXIES"},
    {"PROXY_PROTOCOL", "yes", "PROXY_PROTOCOL must be one of: off, on"},
    {"PROXY_PROTOCOL", "on", "PROXY_PROTOCOL=on needs TRUSTED_PROXIES"},
    {"TLS", "no", "TLS must be one of: on, off"},
    {"HTTPS_PORT", "0", "HTTPS_PORT must be a whole number from 1 to 65535"},
    {"HTTP_PORT", "65536", "HTTP_PORT must be"},
    {"HTTP_PORT", "443", "HTTP_PORT must differ from HTTPS_PORT"},
    {"TLS_CERTIFICATE", "cert.pem", "TLS_CERTIFICATE must be an absolute path"},
    {"TLS_CERTIFICATE_KEY", "/etc/$x", "TLS_CERTIFICATE_KEY must be an absolute path"},
    {"TLS_PROFILE", "old", "TLS_PROFILE must be one of: intermediate, modern"},
    {"CORS_ORIGINS", "*", "CORS_ORIGINS entry 1 must be an origin"},
    {"CORS_ORIGINS", "localhost://", "CORS_ORIGINS entry 1 must be an origin"},
    {"CORS_ORIGINS", "tauri://localhost/", "CORS_ORIGINS entry 1 must be an origin"},
    {"CORS_ORIGINS", "file://host", "CORS_ORIGINS entry 1 must be an origin"},
    {"CORS_ORIGINS", "9p://host", "CORS_ORIGINS entry 1 must be an origin"},
    {"CORS_HEADERS", "X-A, X B", "CORS_HEADERS entry 2 must be the name of a header"},
    {"CORS_HEADERS", "X-$host", "CORS_HEADERS entry 1 must be the name of a header"},
    {"CORS_ORIGINS", "https://a.example.com, app.example.com", "CORS_ORIGINS entry 2 must be an origin"},
    {"CORS_ORIGINS", "https://a.example.com/", "CORS_ORIGINS entry 1"},
    {"CORS_ORIGINS", "https://A.example.com", "CORS_ORIGINS entry 1"},
    {"CORS_ORIGINS", "https://a.example.com:443", "CORS_ORIGINS entry 1"},
    {"CORS_ORIGINS", "http://localhost:x", "CORS_ORIGINS entry 1"},
    {"CORS_ORIGINS", "http://", "CORS_ORIGINS entry 1"},
    {"CORS_ORIGINS", "ftp://example.com", "CORS_ORIGINS entry 1"},
    {"CORS_ORIGINS", "https://a\"b", "CORS_ORIGINS entry 1"},
    {"OPERATIONS_ALLOW", "all", "OPERATIONS_ALLOW must be addresses or networks"},
    {"OPERATIONS_ALLOW", "10.0.0.0/33", "OPERATIONS_ALLOW must be"},
    {"OPERATIONS_ALLOW", "10.0.0.1; allow all", "OPERATIONS_ALLOW must be"},
    {"OPERATIONS_ALLOW", "10.0.0.1\0; allow all"s, "OPERATIONS_ALLOW must be"},
    {"OPERATIONS_ALLOW", "10.0.0.1\0/8"s, "OPERATIONS_ALLOW must be"},
    {"RATE_LIMIT_PER_SECOND", "-5", "RATE_LIMIT_PER_SECOND must be"},
    {"FRONTEND_UPSTREAM", "http://127.0.0.1:3000", "FRONTEND_UPSTREAM must be host:port or unix:/path"},
    {"FRONTEND_UPSTREAM", "localhost", "FRONTEND_UPSTREAM must be"},
    {"FRONTEND_UPSTREAM", "localhost:0", "FRONTEND_UPSTREAM must be"},
    {"FRONTEND_UPSTREAM", "localhost:65536", "FRONTEND_UPSTREAM must be"},
    {"FRONTEND_UPSTREAM", "::1:3000", "FRONTEND_UPSTREAM must be"},
    {"FRONTEND_UPSTREAM", "a:80; server b:81", "FRONTEND_UPSTREAM must be"},
    {"FRONTEND_UPSTREAM", "[::1\0]:80"s, "FRONTEND_UPSTREAM must be"},
    {"CORS_ORIGINS", "https://[::1\0]"s, "CORS_ORIGINS entry 1"},
    {"FRONTEND_UPSTREAM", "unix:/", "FRONTEND_UPSTREAM must be"},
    {"FRONTEND_UPSTREAM", "unix:relative", "FRONTEND_UPSTREAM must be"},
    {"FRONTEND_ROOT", "relative", "FRONTEND_ROOT must be an absolute path"},
    {"FRONTEND_ROOT", "/a b", "FRONTEND_ROOT must be"},
};

struct EnvironmentVariable {
  const char* name;
  EnvironmentVariable(const char* n, const char* value) : name(n) { ::setenv(name, value, 1); }
  ~EnvironmentVariable() { ::unsetenv(name); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_DATA_TEST_CASE(refuses_a_bad_value_by_its_name_and_never_shows_it, kBadValues, bad) {
  const auto config = read_config(with({{bad.name, bad.value}}));
  BOOST_REQUIRE(!config.has_value());
  BOOST_REQUIRE_EQUAL(config.error().size(), 1U);
  BOOST_TEST(config.error()[0].starts_with(bad.sentence), config.error()[0]);
  BOOST_TEST(config.error()[0].find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(reports_all_mistakes_at_once_and_each_by_its_name) {
  Values values;
  std::vector<std::string_view> names;
  for (const auto& bad : kBadValues) {
    if (std::ranges::find(names, bad.name) != names.end()) continue;
    names.push_back(bad.name);
    values.emplace_back(bad.name, bad.value);
  }
  const auto config = read_config(values);
  BOOST_REQUIRE(!config.has_value());
  BOOST_TEST(config.error().size() == names.size());
  for (const auto name : names) {
    const auto found = std::ranges::find_if(
        config.error(), [&](const auto& sentence) { return sentence.starts_with(std::string(name) + " "); });
    BOOST_TEST((found != config.error().end()), name);
  }
}

BOOST_AUTO_TEST_CASE(fills_in_the_documented_defaults) {
  const Config c = config_of({});
  BOOST_TEST(c.database_url_direct == c.database_url);
  BOOST_TEST(c.database_connections == 2);
  BOOST_TEST(c.better_auth_secret.empty());
  BOOST_TEST(c.rsa_algorithm == "RS256");
  BOOST_TEST(c.leeway.count() == 30);
  BOOST_TEST(c.socket_path == "/run/tasklane/tasklane.sock");
  BOOST_TEST(c.socket_mode == 0660U);
  BOOST_TEST(c.workers >= 1);
  BOOST_TEST(c.workers <= static_cast<int>(limits::kWorkersMax));
  BOOST_TEST(c.drain_timeout.count() == 30);
  BOOST_CHECK(c.log_level == LogLevel::info);
  BOOST_CHECK(c.log_format == LogFormat::automatic);
  BOOST_CHECK(c.tls_profile == TlsProfile::intermediate);
  BOOST_TEST(c.https_port == 443);
  BOOST_TEST(c.http_port == 80);
  BOOST_TEST(c.cors_origins.empty());
  BOOST_TEST(c.rate_limit_per_second == 0);
}

BOOST_AUTO_TEST_CASE(takes_keys_from_the_database_when_there_is_no_secret_or_when_asked) {
  BOOST_TEST(config_of({}).jwks_database);
  BOOST_TEST(!config_of({{"BETTER_AUTH_SECRET", kSecret}}).jwks_database);
  BOOST_TEST(config_of({{"BETTER_AUTH_SECRET", kSecret}, {"AUTH_JWKS", "database"}}).jwks_database);
  BOOST_TEST(!config_of({{"BETTER_AUTH_SECRETS", "1:"s + kSecret}}).jwks_database);
  const Config file = config_of({{"AUTH_JWKS", "/etc/tasklane/jwks.json"}});
  BOOST_TEST(!file.jwks_database);
  BOOST_TEST(file.jwks_file.value_or("") == "/etc/tasklane/jwks.json");
}

BOOST_AUTO_TEST_CASE(takes_a_list_without_its_white_space_empty_entries_and_repetitions) {
  const Config c = config_of({{"CORS_ORIGINS",
                               " https://a.example.com ,, http://localhost:3000,http://[::1]:3000,"
                               "https://a.example.com,tauri://localhost,https://a_b.example"},
                              {"OPERATIONS_ALLOW", "10.0.0.0/8,2001:db8::/32,192.0.2.7"}});
  const std::vector<std::string> origins = {"https://a.example.com", "http://localhost:3000",
                                            "http://[::1]:3000", "tauri://localhost", "https://a_b.example"};
  BOOST_TEST(c.cors_origins == origins, boost::test_tools::per_element());
  BOOST_TEST(c.operations_allow.size() == 3U);
}

BOOST_AUTO_TEST_CASE(refuses_proxies_that_cannot_work) {
  const auto mistakes_of = [](GivenValues values) {
    values.emplace_back("DATABASE_URL", "postgresql://u:p@127.0.0.1/x");
    const auto config = read_config(values);
    return config ? ConfigMistakes() : config.error();
  };
  const GivenValues off = {{"TLS", "off"}};
  const ConfigMistakes both = {"TLS=off needs TRUSTED_PROXIES: who ends TLS in front of nginx",
                               "TLS=off needs PUBLIC_URL: the https origin that clients use"};
  BOOST_TEST(mistakes_of(off) == both, boost::test_tools::per_element());
  GivenValues whole = {
      {"TLS", "off"}, {"TRUSTED_PROXIES", "unix:,10.0.0.1"}, {"PUBLIC_URL", "https://a.test:8443"}};
  BOOST_TEST(mistakes_of(whole).empty());
  whole.emplace_back("PROXY_PROTOCOL", "on");
  BOOST_TEST(mistakes_of(whole).empty());
  whole.emplace_back("PROXY_HEADER", "Forwarded");
  const ConfigMistakes two = {"PROXY_PROTOCOL=on tells client addresses by itself: leave PROXY_HEADER out"};
  BOOST_TEST(mistakes_of(whole) == two, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fastcgi_by_tcp_wants_to_know_who_may_connect) {
  const auto nowhere = read_config(with({{"FASTCGI_ALLOW", "10.0.0.1"}}));
  BOOST_REQUIRE(!nowhere.has_value());
  BOOST_TEST(
      nowhere.error() == ConfigMistakes{"FASTCGI_ALLOW needs FASTCGI_LISTEN: where those hosts connect"},
      boost::test_tools::per_element());
  for (const char* const everybody : {"10.0.0.1, 0.0.0.0/0", "10.0.0.1,::/0", "10.0.0.1,nginx.internal"}) {
    const auto config =
        read_config(with({{"FASTCGI_LISTEN", "10.0.0.2:9000"}, {"FASTCGI_ALLOW", everybody}}));
    BOOST_REQUIRE(!config.has_value());
    BOOST_REQUIRE_EQUAL(config.error().size(), 1U);
    BOOST_TEST(config.error()[0] == "FASTCGI_ALLOW entry 2 must be an address or a network (CIDR, not /0)");
  }
  const Config c =
      config_of({{"FASTCGI_LISTEN", "[2001:db8::2]:9000"}, {"FASTCGI_ALLOW", "2001:db8::/64, 10.0.0.1"}});
  BOOST_TEST(c.fastcgi_listen == "[2001:db8::2]:9000");
  BOOST_TEST(c.fastcgi_allow.size() == 2U);
  for (const char* const loopback : {"127.0.0.1:9000", "[::1]:9000"})
    BOOST_TEST(config_of({{"FASTCGI_LISTEN", loopback}}).fastcgi_allow.empty());
  BOOST_TEST(config_of({{"FASTCGI_UPSTREAMS", "10.0.0.2:9000, w.internal:9000,unix:/run/t.sock"}})
                 .fastcgi_upstreams.size() == 3U);
}

BOOST_AUTO_TEST_CASE(takes_each_value_that_is_right) {
  const Config c = config_of({{"DATABASE_URL_DIRECT", "postgres://direct/db"},
                              {"AUTH_RSA_ALGORITHM", "PS256"},
                              {"FASTCGI_SOCKET_MODE", "0600"},
                              {"WORKERS", " 64 "},
                              {"LOG_LEVEL", "debug"},
                              {"LOG_FORMAT", "json"},
                              {"LISTEN_ADDRESSES", "[::], 192.0.2.7"},
                              {"OPERATIONS_LISTEN", "[::1]:9000"},
                              {"HTTPS_PORT", "8443"},
                              {"HTTP_PORT", "8444"},
                              {"TLS_PROFILE", "modern"}});
  BOOST_TEST(c.database_url_direct == "postgres://direct/db");
  BOOST_TEST(c.rsa_algorithm == "PS256");
  BOOST_TEST(c.socket_mode == 0600U);
  BOOST_TEST(c.workers == 64);
  BOOST_CHECK(c.log_level == LogLevel::debug);
  BOOST_CHECK(c.log_format == LogFormat::json);
  BOOST_TEST(c.listen_addresses == (std::vector<std::string>{"[::]", "192.0.2.7"}),
             boost::test_tools::per_element());
  BOOST_TEST(c.operations_listen == "[::1]:9000");
  BOOST_CHECK(c.tls_profile == TlsProfile::modern);
}

BOOST_AUTO_TEST_CASE(describes_what_is_in_force_without_a_secret) {
  const std::string text = describe(config_of(
      {{"BETTER_AUTH_SECRET", kSecret}, {"DATABASE_URL_DIRECT", "postgresql://u:hunter2@direct/db"}}));
  BOOST_TEST(text.find("hunter2") == std::string::npos);
  BOOST_TEST(text.find(kSecret) == std::string::npos);
  BOOST_TEST(text.find("BETTER_AUTH_SECRET=set, 32 bytes\n") != std::string::npos);
  for (const Setting& setting : settings())
    BOOST_TEST(("\n" + text).find("\n" + std::string(setting.name) + "=") != std::string::npos, setting.name);
}

BOOST_AUTO_TEST_CASE(lets_the_environment_win_over_the_file) {
  std::string folder = std::filesystem::temp_directory_path() / "tasklane-config-XXXXXX";
  BOOST_REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/.env";
  std::ofstream(path) << "DATABASE_URL=postgresql://file/db\nWORKERS=3\nLOG_LEVEL=error\nWORKERS=5\n";
  ::chmod(path.c_str(), 0600);
  const EnvironmentVariable level("LOG_LEVEL", "debug");
  const auto config = read_config(ConfigSource{.env_file = path, .env_file_required = true});
  BOOST_REQUIRE(config.has_value());
  BOOST_TEST(config->database_url == "postgresql://file/db");
  BOOST_TEST(config->workers == 5);  // the last one, as in a shell
  BOOST_CHECK(config->log_level == LogLevel::debug);

  ::chmod(path.c_str(), 0644);
  const auto refused = read_config(ConfigSource{.env_file = path, .env_file_required = true});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().size() == 1U);
  std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
