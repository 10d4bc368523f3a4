#pragma once
// The configuration: the environment, filled from a `.env` file where it is silent; secrets from files of
// their own as well (secret.h). Every name, default and rule stands in settings.cpp; docs/CONFIGURATION.md
// explains them. Reading reports all mistakes at once, each by its name and never with a secret's value.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasklane {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { automatic, json, text };
enum class TlsProfile { intermediate, modern };  // Mozilla's names
enum class ProxyHeader { x_forwarded_for, forwarded };

// The only one on most hosts: its paths, units and names in nginx are without an instance's name.
inline constexpr std::string_view kDefaultInstance = "tasklane";

// Names of settings and their texts.
using GivenValues = std::vector<std::pair<std::string, std::string>>;

struct Config {
  GivenValues given;  // what it was read from; defaults are not in it. Secrets are

  // Postgres
  std::string database_url;         // secret
  std::string database_url_direct;  // secret; migrations; equals database_url when not set
  int database_connections;         // per worker

  // Tokens
  std::string better_auth_secrets;       // secret; its versions as they were given: see secret_versions.h
  std::string better_auth_secret;        // secret; without both, HS256 tokens are refused
  std::optional<std::string> jwks_file;  // AUTH_JWKS names a file
  bool jwks_database;                    // AUTH_JWKS=database, or no secret and no file
  std::string jwks_table;                // of the database, with its schema or without
  std::string rsa_algorithm;             // of an RSA key without "alg": RS256, PS256
  std::string issuer;                    // empty: not checked
  std::string audience;                  // empty: not checked
  std::chrono::seconds leeway;
  std::size_t token_cache_entries;

  // Workers
  std::string socket_path;
  std::string socket_group;  // empty: the master's own
  unsigned socket_mode;
  std::string fastcgi_listen;              // ADDRESS:PORT by TCP; empty: the unix socket alone
  std::vector<std::string> fastcgi_allow;  // addresses or networks that may connect there; empty: loopback
  int workers;
  std::size_t requests_in_flight_max;  // per worker; past it 503
  std::chrono::seconds drain_timeout;
  std::chrono::seconds drain_delay;  // /readyz says 503 for so long before the workers let go of the socket
  int user_rate_limit_per_second;    // 0: off
  bool worker_cpu_affinity = true;         // a worker to each processor, when there are enough
  std::uint64_t worker_requests_max;       // then the worker is retired; 0: never
  std::uint64_t worker_rss_max_mib;        // the same
  std::chrono::milliseconds slow_request;  // a request that takes as long is logged; 0: every one is
  LogLevel log_level;
  LogFormat log_format;

  std::string state_folder;  // base/state_files.h

  std::string instance;  // in its paths and in nginx: kDefaultInstance, or another

  // nginx
  std::string nginx_user;  // as in nginx.conf: "USER" or "USER GROUP"; empty: left out
  std::string server_name;
  std::vector<std::string> listen_addresses;  // empty: all of this host
  int https_port;
  int http_port;
  bool tls = true;  // false: it ends in a trusted proxy
  std::string tls_certificate;
  std::string tls_certificate_key;
  TlsProfile tls_profile;
  std::vector<std::string> cors_origins;
  std::vector<std::string> cors_headers;
  std::string operations_listen;              // address:port of /metrics and /status, or "off"
  std::vector<std::string> operations_allow;  // addresses or networks besides loopback
  int rate_limit_per_second;                  // per client address; 0: off
  std::vector<std::string> fastcgi_upstreams;  // host:port or unix:/path; empty: socket_path
  std::string frontend_upstream;              // the web app: host:port or unix:/path; empty: there is none
  std::string public_url;  // https origin; empty: the host that a client uses, and https_port
  std::vector<std::string> trusted_proxies;  // addresses, networks, "unix:"
  ProxyHeader proxy_header;                  // where those tell the client's address
  bool proxy_protocol;                       // they tell it by PROXY protocol
  std::string frontend_root;  // the folder with its _next/static; empty: the web app serves that itself
};

// Where the values come from. The file is optional when `path` is the default, required when it was named.
struct ConfigSource {
  std::string env_file = ".env";
  bool env_file_required = false;
  bool database_required = true;  // false: without DATABASE_URL there is a configuration, with an empty one
  std::string credentials_folder = {};  // counts when the environment has no CREDENTIALS_DIRECTORY
};

// One sentence per mistake, each beginning with the variable's name.
using ConfigMistakes = std::vector<std::string>;

std::expected<Config, ConfigMistakes> read_config(const ConfigSource& source);

// From explicit values, as a worker is handed them: neither the environment nor a file is looked at.
std::expected<Config, ConfigMistakes> read_config(const GivenValues& values);

// FASTCGI_SOCKET alone, or INSTANCE's, whatever else may be wrong, lines of the file included: to find the
// master that refuses just that. A mistake is a file that cannot be read.
std::expected<std::string, ConfigMistakes> read_socket_path(const ConfigSource& source);

// Where the socket is when no one says otherwise.
std::string default_socket_path(std::string_view instance = kDefaultInstance);
// What an operator's command has turned on is kept there.
std::string default_state_folder(std::string_view instance = kDefaultInstance);

// NAME=value lines of what is in force, secrets masked ("set, 48 bytes").
std::string describe(const Config& config);

}  // namespace tasklane
