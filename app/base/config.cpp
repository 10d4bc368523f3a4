#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/env_file.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "base/processors.h"
#include "base/secret.h"
#include "base/settings.h"
#include "base/text.h"

namespace tasklane {

namespace {

constexpr std::string_view kSocketName = "FASTCGI_SOCKET";
constexpr std::string_view kInstanceName = "INSTANCE";

using Lookup = std::function<std::string(std::string_view name)>;  // an unset name is empty

void apply_proxy_rules(const Config& config, ConfigMistakes& mistakes) {
  const bool trusted = !config.trusted_proxies.empty();
  const auto refuse = [&](bool wrong, const char* sentence) {
    if (wrong) mistakes.emplace_back(sentence);
  };
  refuse(!config.tls && !trusted, "TLS=off needs TRUSTED_PROXIES: who ends TLS in front of nginx");
  refuse(!config.tls && config.public_url.empty(),
         "TLS=off needs PUBLIC_URL: the https origin that clients use");
  refuse(config.proxy_protocol && !trusted,
         "PROXY_PROTOCOL=on needs TRUSTED_PROXIES: whose word on client addresses counts");
  refuse(config.proxy_protocol && config.proxy_header != ProxyHeader::x_forwarded_for,
         "PROXY_PROTOCOL=on tells client addresses by itself: leave PROXY_HEADER out");
  refuse(!trusted && config.proxy_header != ProxyHeader::x_forwarded_for,
         "PROXY_HEADER needs TRUSTED_PROXIES: whose header counts");
}

void apply_fastcgi_rules(const Config& config, ConfigMistakes& mistakes) {
  const auto listen = TcpAddress::of(config.fastcgi_listen);
  if (config.fastcgi_listen.empty() && !config.fastcgi_allow.empty())
    mistakes.emplace_back("FASTCGI_ALLOW needs FASTCGI_LISTEN: where those hosts connect");
  if (listen && config.fastcgi_allow.empty() && !listen->address().is_loopback())
    mistakes.emplace_back(
        "FASTCGI_LISTEN needs FASTCGI_ALLOW: the addresses of the nginx hosts that may connect; only a "
        "loopback address does without");
}

// What concerns more than one setting, and defaults that are no fixed text.
void apply_common_rules(Config& config, ConfigMistakes& mistakes) {
  if (config.database_url_direct.empty()) config.database_url_direct = config.database_url;
  if (!config.jwks_file && config.better_auth_secret.empty() && config.better_auth_secrets.empty())
    config.jwks_database = true;
  if (config.workers == 0) {
    config.workers = static_cast<int>(std::min(usable_processors(), limits::kWorkersMax));
  }
  if (std::ranges::find(config.given, kSocketName, &GivenValues::value_type::first) == config.given.end())
    config.socket_path = default_socket_path(config.instance);
  if (config.state_folder.empty()) config.state_folder = default_state_folder(config.instance);
  if (config.http_port == config.https_port) mistakes.emplace_back("HTTP_PORT must differ from HTTPS_PORT");
  for (const int port : {config.https_port, config.http_port}) {
    if (config.operations_listen.ends_with(fmt::format(":{}", port)))
      mistakes.emplace_back("OPERATIONS_LISTEN must have another port than HTTPS_PORT and HTTP_PORT");
  }
  apply_proxy_rules(config, mistakes);
  apply_fastcgi_rules(config, mistakes);
}

std::expected<Config, ConfigMistakes> read_with(const Lookup& lookup, ConfigMistakes mistakes,
                                                bool database_required = true) {
  Config config{};
  for (const Setting& setting : settings()) {
    const std::string given = lookup(setting.name);
    if (!given.empty()) config.given.emplace_back(setting.name, given);
    const auto wrong = setting.form.read(given.empty() ? setting.default_value : given, config);
    for (const auto& what : wrong) mistakes.push_back(fmt::format("{} {}", setting.name, what));
    if (!wrong.empty()) setting.form.read(setting.default_value, config);  // for the rules below
    if (given.empty() && !setting.required.empty() && database_required)
      mistakes.push_back(fmt::format("{} is not set; {}", setting.name, setting.required));
  }
  // Ignored, it would open what was meant for one address to all.
  if (!lookup("LISTEN_ADDRESS").empty())
    mistakes.emplace_back("LISTEN_ADDRESS is LISTEN_ADDRESSES now, a list; give it that name");
  apply_common_rules(config, mistakes);
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
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
std::expected<Lookup, ConfigMistakes> lookup_in(const ConfigSource& source, ConfigMistakes& mistakes) {
  auto file = read_env_file(source.env_file, source.env_file_required);
  if (!file) return std::unexpected(std::move(file.error()));
  const auto in_file = [values = std::move(*file)](std::string_view name) { return find(values, name); };
  const auto environment = [&](std::string_view name) {
    auto value = in_environment(name);
    if (!value && name == kCredentialsDirectory) value = source.credentials_folder;
    return value;
  };
  EnvValues secrets;
  for (const Setting& setting : settings()) {
    if (!setting.secret) continue;
    auto secret = find_secret(setting.name, environment, in_file);
    if (!secret) mistakes.push_back(std::move(secret.error()));
    secrets.emplace_back(setting.name, std::move(secret).value_or(std::string(kUnreadable)));
  }
  return [secrets = std::move(secrets), in_file](std::string_view name) {
    auto value = find(secrets, name);
    if (!value) value = in_environment(name);
    if (!value) value = in_file(name);
    return std::move(value).value_or("");
  };
}

EnvValues lines_that_can_be_read(std::string_view text) {
  EnvValues values;
  while (!text.empty()) {
    const auto line = parse_env(take_until(text, '\n'));
    if (line) values.insert(values.end(), line->begin(), line->end());
  }
  return values;
}

std::string shown(const Setting& setting, const Config& config) {
  std::string value = setting.form.show(config);
  if (!setting.secret) return value;
  if (setting.name == "DATABASE_URL_DIRECT" && value == config.database_url) return "as DATABASE_URL";
  return value.empty() ? "not set" : fmt::format("set, {} bytes", value.size());
}

}  // namespace

std::expected<Config, ConfigMistakes> read_config(const ConfigSource& source) {
  ConfigMistakes mistakes;
  auto lookup = lookup_in(source, mistakes);
  // With a file that cannot be read, the names it would have set are not worth reporting as missing.
  if (!lookup) return std::unexpected(std::move(lookup.error()));
  return read_with(*lookup, std::move(mistakes), source.database_required);
}

std::expected<std::string, ConfigMistakes> read_socket_path(const ConfigSource& source) {
  auto path = in_environment(kSocketName);
  auto instance = in_environment(kInstanceName);
  if (!path || !instance) {
    const auto text = read_env_text(source.env_file, source.env_file_required);
    if (!text) return std::unexpected(text.error());
    const EnvValues values = lines_that_can_be_read(*text);
    if (!path) path = find(values, kSocketName);
    if (!instance) instance = find(values, kInstanceName);
  }
  return path.value_or("").empty() ? default_socket_path(instance.value_or("")) : *path;
}

std::string default_socket_path(std::string_view instance) {
  const bool named = !instance.empty() && instance != kDefaultInstance;
  return fmt::format("/run/tasklane/{}{}tasklane.sock", named ? instance : "", named ? "/" : "");
}

std::string default_state_folder(std::string_view instance) {
  const bool named = !instance.empty() && instance != kDefaultInstance;
  return fmt::format("/var/lib/tasklane{}{}", named ? "/" : "", named ? instance : "");
}

std::expected<Config, ConfigMistakes> read_config(const GivenValues& values) {
  return read_with([&](std::string_view name) { return find(values, name).value_or(""); }, {});
}

std::string describe(const Config& config) {
  std::string text;
  for (const Setting& setting : settings())
    text += fmt::format("{}={}\n", setting.name, shown(setting, config));
  return text;
}

}  // namespace tasklane
