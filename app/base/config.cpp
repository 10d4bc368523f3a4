#include "base/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/config_forms.h"
#include "base/config_reader.h"
#include "base/env_file.h"
#include "base/limits.h"
#include "base/secret.h"

namespace tasklane {

namespace {

constexpr std::array<std::string_view, 35> kNames = {
    "DATABASE_URL",
    "DATABASE_URL_DIRECT",
    "DATABASE_CONNECTIONS",
    "BETTER_AUTH_SECRET",
    "AUTH_JWKS",
    "AUTH_RSA_ALGORITHM",
    "AUTH_ISSUER",
    "AUTH_AUDIENCE",
    "AUTH_LEEWAY_SECONDS",
    "TOKEN_CACHE_ENTRIES",
    "FASTCGI_SOCKET",
    "FASTCGI_SOCKET_GROUP",
    "FASTCGI_SOCKET_MODE",
    "WORKERS",
    "WORKER_CPU_AFFINITY",
    "REQUESTS_IN_FLIGHT_MAX",
    "DRAIN_TIMEOUT_SECONDS",
    "WORKER_REQUESTS_MAX",
    "WORKER_RSS_MAX",
    "SLOW_REQUEST_MS",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "NGINX_USER",
    "SERVER_NAME",
    "LISTEN_ADDRESS",
    "HTTPS_PORT",
    "HTTP_PORT",
    "TLS_CERTIFICATE",
    "TLS_CERTIFICATE_KEY",
    "TLS_PROFILE",
    "CORS_ORIGINS",
    "OPERATIONS_ALLOW",
    "RATE_LIMIT_PER_SECOND",
    "FRONTEND_UPSTREAM",
    "FRONTEND_ROOT",
};

constexpr std::string_view kSocketPath = "/run/tasklane/tasklane.sock";

constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kCpuAffinities = {"auto", "off"};
constexpr std::array<std::string_view, 3> kLogFormats = {"auto", "json", "text"};
constexpr std::array<std::string_view, 2> kTlsProfiles = {"intermediate", "modern"};
constexpr std::array<std::string_view, 2> kRsaAlgorithms = {"RS256", "PS256"};

void read_database(ConfigReader& reader, Config& config, bool required) {
  config.database_url = required
                            ? reader.required("DATABASE_URL", "give postgresql://user:password@host/database")
                            : reader.text("DATABASE_URL");
  config.database_url_direct = reader.text("DATABASE_URL_DIRECT");
  for (const auto& [name, url] : {std::pair("DATABASE_URL", &config.database_url),
                                  std::pair("DATABASE_URL_DIRECT", &config.database_url_direct)}) {
    if (!url->empty() && !url->starts_with("postgresql://") && !url->starts_with("postgres://"))
      reader.mistake(name, "must begin with postgresql://");
  }
  if (config.database_url_direct.empty()) config.database_url_direct = config.database_url;
  config.database_connections = static_cast<int>(reader.integer("DATABASE_CONNECTIONS", 2, 1, 4));
}

void read_tokens(ConfigReader& reader, Config& config) {
  config.better_auth_secret = reader.text("BETTER_AUTH_SECRET");
  const auto bytes = config.better_auth_secret.size();
  if (bytes > 0 && bytes < limits::kSecretMinBytes) {
    reader.mistake("BETTER_AUTH_SECRET",
                   fmt::format("has {} bytes; at least {} are needed (openssl rand -base64 32 makes one)",
                               bytes, limits::kSecretMinBytes));
  }
  const std::string jwks = reader.text("AUTH_JWKS");
  config.jwks_database = jwks == "database" || (jwks.empty() && config.better_auth_secret.empty());
  if (!jwks.empty() && jwks != "database") {
    config.jwks_file = jwks;
    if (!jwks.starts_with('/')) reader.mistake("AUTH_JWKS", "must be \"database\" or an absolute path");
  }
  config.rsa_algorithm = kRsaAlgorithms[reader.choice("AUTH_RSA_ALGORITHM", 0, kRsaAlgorithms)];
  config.issuer = reader.text("AUTH_ISSUER");
  config.audience = reader.text("AUTH_AUDIENCE");
  config.leeway = std::chrono::seconds(reader.integer("AUTH_LEEWAY_SECONDS", 30, 0, 300));
  config.token_cache_entries =
      static_cast<std::size_t>(reader.integer("TOKEN_CACHE_ENTRIES", 16'384, 0, 1'000'000));
}

void read_workers(ConfigReader& reader, Config& config) {
  config.socket_path = reader.text("FASTCGI_SOCKET", kSocketPath);
  if (!config.socket_path.starts_with('/') || !is_plain(config.socket_path, "/._-+@"))
    reader.mistake("FASTCGI_SOCKET", "must be an absolute path of letters, digits and /._-+@");
  if (config.socket_path.size() > 99)  // sun_path has 107, unix(7)
    reader.mistake("FASTCGI_SOCKET",
                   "is longer than 99 bytes: a unix socket's path has at most 107, and "
                   "FASTCGI_SOCKET.control is one, too");
  config.socket_group = reader.text("FASTCGI_SOCKET_GROUP");
  config.socket_mode = reader.octal("FASTCGI_SOCKET_MODE", 0660, 0777);
  const long cores = std::clamp(::sysconf(_SC_NPROCESSORS_ONLN), 1L, static_cast<long>(limits::kWorkersMax));
  config.workers = static_cast<int>(reader.integer("WORKERS", cores, 1, limits::kWorkersMax));
  config.requests_in_flight_max =
      static_cast<std::size_t>(reader.integer("REQUESTS_IN_FLIGHT_MAX", 2'048, 1, 8'192));
  config.drain_timeout = std::chrono::seconds(reader.integer("DRAIN_TIMEOUT_SECONDS", 30, 1, 3'600));
  config.worker_cpu_affinity = reader.choice("WORKER_CPU_AFFINITY", 0, kCpuAffinities) == 0;
  config.worker_requests_max =
      static_cast<std::uint64_t>(reader.integer("WORKER_REQUESTS_MAX", 0, 0, 1'000'000'000'000));
  config.worker_rss_max_mib = static_cast<std::uint64_t>(reader.integer("WORKER_RSS_MAX", 0, 0, 1'048'576));
  config.slow_request = std::chrono::milliseconds(reader.integer("SLOW_REQUEST_MS", 1'000, 0, 60'000));
  config.log_level = static_cast<LogLevel>(reader.choice("LOG_LEVEL", 1, kLogLevels));
  config.log_format = static_cast<LogFormat>(reader.choice("LOG_FORMAT", 0, kLogFormats));
}

void read_nginx(ConfigReader& reader, Config& config) {
  config.nginx_user = reader.text("NGINX_USER");
  if (!is_plain(config.nginx_user, "_- ")) reader.mistake("NGINX_USER", "must be \"USER\" or \"USER GROUP\"");
  config.server_name = reader.text("SERVER_NAME", "localhost");
  if (!is_plain(config.server_name, ".- *"))
    reader.mistake("SERVER_NAME", "must be host names with spaces between them");
  config.listen_address = reader.text("LISTEN_ADDRESS", "0.0.0.0");
  if (!is_listen_address(config.listen_address))
    reader.mistake("LISTEN_ADDRESS", "must be an IP address, an IPv6 address in brackets");
  config.https_port = static_cast<int>(reader.integer("HTTPS_PORT", 443, 1, 65'535));
  config.http_port = static_cast<int>(reader.integer("HTTP_PORT", 80, 1, 65'535));
  if (config.http_port == config.https_port) reader.mistake("HTTP_PORT", "must differ from HTTPS_PORT");
  config.tls_certificate = reader.text("TLS_CERTIFICATE", "/etc/tasklane/tls/fullchain.pem");
  config.tls_certificate_key = reader.text("TLS_CERTIFICATE_KEY", "/etc/tasklane/tls/privkey.pem");
  for (const auto& [name, path] : {std::pair("TLS_CERTIFICATE", &config.tls_certificate),
                                   std::pair("TLS_CERTIFICATE_KEY", &config.tls_certificate_key)}) {
    if (!path->starts_with('/') || !is_plain(*path, "/._-+@"))
      reader.mistake(name, "must be an absolute path of letters, digits and /._-+@");
  }
  config.tls_profile = static_cast<TlsProfile>(reader.choice("TLS_PROFILE", 0, kTlsProfiles));
  config.cors_origins = reader.list("CORS_ORIGINS");
  for (const auto& origin : config.cors_origins) {
    if (!is_origin(origin)) {
      reader.mistake("CORS_ORIGINS", fmt::format("entry {} must be an origin such as https://app.example.com:"
                                                 " scheme, host in lower case, port if any, no path",
                                                 &origin - config.cors_origins.data() + 1));
    }
  }
  config.operations_allow = reader.list("OPERATIONS_ALLOW");
  for (const auto& network : config.operations_allow) {
    if (!is_network(network)) reader.mistake("OPERATIONS_ALLOW", "must be addresses or networks (CIDR)");
  }
  config.rate_limit_per_second = static_cast<int>(reader.integer("RATE_LIMIT_PER_SECOND", 0, 0, 100'000));
}

void read_frontend(ConfigReader& reader, Config& config) {
  config.frontend_upstream = reader.text("FRONTEND_UPSTREAM");
  if (!config.frontend_upstream.empty() && !is_upstream(config.frontend_upstream))
    reader.mistake("FRONTEND_UPSTREAM", "must be host:port or unix:/path");
  config.frontend_root = reader.text("FRONTEND_ROOT");
  if (!config.frontend_root.empty() &&
      (!config.frontend_root.starts_with('/') || !is_plain(config.frontend_root, "/._-+@")))
    reader.mistake("FRONTEND_ROOT", "must be an absolute path of letters, digits and /._-+@");
}

std::expected<Config, ConfigMistakes> read_with(ConfigReader::Lookup lookup, ConfigMistakes mistakes,
                                                bool database_required = true) {
  ConfigReader reader(std::move(lookup));
  reader.mistakes() = std::move(mistakes);
  Config config{};
  read_database(reader, config, database_required);
  read_tokens(reader, config);
  read_workers(reader, config);
  read_nginx(reader, config);
  read_frontend(reader, config);
  if (!reader.mistakes().empty()) return std::unexpected(std::move(reader.mistakes()));
  return config;
}

std::optional<std::string> find(const EnvValues& values, std::string_view name) {
  // The last one wins, as in a shell.
  const auto found = std::ranges::find(values.rbegin(), values.rend(), name, &EnvValues::value_type::first);
  return found == values.rend() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> in_environment(std::string_view name) {
  const char* set = std::getenv(std::string(name).c_str());
  return set == nullptr ? std::nullopt : std::optional<std::string>(set);
}

// Stands for a secret whose file cannot be read, which is a mistake already: fit for every rule of a secret.
constexpr std::string_view kUnreadable = "postgresql://this-secret-could-not-be-read";

// The environment, and behind it the file; secrets may be in files of their own, whose mistakes are added.
std::expected<ConfigReader::Lookup, ConfigMistakes> lookup_in(const ConfigSource& source,
                                                              ConfigMistakes& mistakes) {
  auto file = read_env_file(source.env_file, source.env_file_required);
  if (!file) return std::unexpected(std::move(file.error()));
  const auto in_file = [values = std::move(*file)](std::string_view name) { return find(values, name); };
  EnvValues secrets;
  for (const auto name : kSecretNames) {
    auto secret = find_secret(name, in_environment, in_file);
    if (!secret) mistakes.push_back(std::move(secret.error()));
    secrets.emplace_back(name, std::move(secret).value_or(std::string(kUnreadable)));
  }
  return [secrets = std::move(secrets), in_file](std::string_view name) {
    auto value = find(secrets, name);
    if (!value) value = in_environment(name);
    if (!value) value = in_file(name);
    return std::move(value).value_or("");
  };
}

std::string masked(std::string_view secret) {
  return secret.empty() ? "not set" : fmt::format("set, {} bytes", secret.size());
}

}  // namespace

std::expected<Config, ConfigMistakes> read_config(const ConfigSource& source) {
  ConfigMistakes mistakes;
  auto lookup = lookup_in(source, mistakes);
  // With a file that cannot be read, the names it would have set are not worth reporting as missing.
  if (!lookup) return std::unexpected(std::move(lookup.error()));
  return read_with(std::move(*lookup), std::move(mistakes), source.database_required);
}

std::expected<std::string, ConfigMistakes> read_socket_path(const ConfigSource& source) {
  ConfigMistakes mistakes;  // of secrets: none of this caller's business
  auto lookup = lookup_in(source, mistakes);
  if (!lookup) return std::unexpected(std::move(lookup.error()));
  return ConfigReader(std::move(*lookup)).text("FASTCGI_SOCKET", kSocketPath);
}

std::expected<Config, ConfigMistakes> read_config(
    const std::vector<std::pair<std::string, std::string>>& values) {
  return read_with([&](std::string_view name) { return find(values, name).value_or(""); }, {});
}

std::vector<std::string_view> config_names() {
  return {kNames.begin(), kNames.end()};
}

std::string describe(const Config& c) {
  std::string text;
  const auto line = [&](std::string_view name, const auto& value) {
    text += fmt::format("{}={}\n", name, value);
  };
  line("DATABASE_URL", masked(c.database_url));
  line("DATABASE_URL_DIRECT",
       c.database_url_direct == c.database_url ? "as DATABASE_URL" : masked(c.database_url_direct));
  line("DATABASE_CONNECTIONS", c.database_connections);
  line("BETTER_AUTH_SECRET", masked(c.better_auth_secret));
  line("AUTH_JWKS", c.jwks_file ? *c.jwks_file : std::string(c.jwks_database ? "database" : "off"));
  line("AUTH_RSA_ALGORITHM", c.rsa_algorithm);
  line("AUTH_ISSUER", c.issuer);
  line("AUTH_AUDIENCE", c.audience);
  line("AUTH_LEEWAY_SECONDS", c.leeway.count());
  line("TOKEN_CACHE_ENTRIES", c.token_cache_entries);
  line("FASTCGI_SOCKET", c.socket_path);
  line("FASTCGI_SOCKET_GROUP", c.socket_group);
  line("FASTCGI_SOCKET_MODE", fmt::format("{:04o}", c.socket_mode));
  line("WORKERS", c.workers);
  line("WORKER_CPU_AFFINITY", kCpuAffinities[c.worker_cpu_affinity ? 0 : 1]);
  line("REQUESTS_IN_FLIGHT_MAX", c.requests_in_flight_max);
  line("DRAIN_TIMEOUT_SECONDS", c.drain_timeout.count());
  line("WORKER_REQUESTS_MAX", c.worker_requests_max);
  line("WORKER_RSS_MAX", c.worker_rss_max_mib);
  line("SLOW_REQUEST_MS", c.slow_request.count());
  line("LOG_LEVEL", kLogLevels[static_cast<std::size_t>(c.log_level)]);
  line("LOG_FORMAT", kLogFormats[static_cast<std::size_t>(c.log_format)]);
  line("NGINX_USER", c.nginx_user);
  line("SERVER_NAME", c.server_name);
  line("LISTEN_ADDRESS", c.listen_address);
  line("HTTPS_PORT", c.https_port);
  line("HTTP_PORT", c.http_port);
  line("TLS_CERTIFICATE", c.tls_certificate);
  line("TLS_CERTIFICATE_KEY", c.tls_certificate_key);
  line("TLS_PROFILE", kTlsProfiles[static_cast<std::size_t>(c.tls_profile)]);
  line("CORS_ORIGINS", fmt::format("{}", fmt::join(c.cors_origins, ",")));
  line("OPERATIONS_ALLOW", fmt::format("{}", fmt::join(c.operations_allow, ",")));
  line("RATE_LIMIT_PER_SECOND", c.rate_limit_per_second);
  line("FRONTEND_UPSTREAM", c.frontend_upstream);
  line("FRONTEND_ROOT", c.frontend_root);
  return text;
}

}  // namespace tasklane
