#include "cli/nginx_proxies.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "cli/nginx_site.h"

namespace tasklane {

namespace {

constexpr std::string_view kUnix = "unix:";

// realip's directives. Without a proxy of ours the list of an http block around us must not count: it gets an
// address that no peer can have.
std::string real_ip_lines(const Config& config) {
  std::string lines;
  for (const std::string& proxy : config.trusted_proxies)
    lines += fmt::format("set_real_ip_from {};\n", proxy);
  const bool by_address = config.proxy_header == ProxyHeader::x_forwarded_for || config.proxy_protocol;
  if (config.trusted_proxies.empty() || !by_address) lines = "set_real_ip_from 255.255.255.255;\n";
  lines += fmt::format("real_ip_header {};\n", config.proxy_protocol ? "proxy_protocol" : "X-Forwarded-For");
  return lines + "real_ip_recursive on;";
}

std::string trusted_networks(const Config& config) {
  std::string lines;
  for (const std::string& proxy : config.trusted_proxies) {
    if (proxy != kUnix) lines += fmt::format("    {} 1;\n", proxy);
  }
  return lines;
}

std::string host_of(std::string_view origin) {
  std::string_view host = origin.substr(origin.find("://") + 3);
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']'))
    host = host.substr(0, colon);
  return std::string(host);
}

std::string port_of(std::string_view origin) {
  const auto colon = origin.rfind(':');
  const bool named = colon > origin.find(':') && !origin.ends_with(']');
  return std::string(named ? origin.substr(colon + 1) : "443");
}

// SERVER_NAME, the host of PUBLIC_URL and the addresses that nginx listens on, once each; as a map's entries.
std::string our_hosts(const Config& config) {
  std::set<std::string> hosts = {"localhost", "127.0.0.1", "[::1]"};  // scripts on this host ask by them
  for (std::string_view rest = config.server_name; !rest.empty();) {
    std::string name = to_lower(take_until(rest, ' '));
    while (name.ends_with('.')) name.pop_back();
    if (name.starts_with('.')) {  // nginx's short form of both
      hosts.insert(name.substr(1));
      name.insert(0, 1, '*');
    }
    if (!name.empty()) hosts.insert(name);
  }
  if (!config.public_url.empty()) hosts.insert(host_of(config.public_url));
  for (const std::string& address : config.listen_addresses) {
    if (address != "0.0.0.0" && address != "[::]") hosts.insert(address);
  }
  std::string entries;
  for (const std::string& host : hosts) entries += fmt::format("    \"{}\" \"\";\n", host);
  return entries;
}

// A regular expression for "TRUSTED HEADER": what says that the proxy's client does without TLS.
std::string_view plain_client(ProxyHeader header) {
  switch (header) {
    case ProxyHeader::x_forwarded_for:
      return "^1 http$";
    case ProxyHeader::forwarded:
      return R"(^1 (?:.*,)?[ \t]*(?:[^,;]*;[ \t]*)*proto=\"?http\"?[ \t]*(?:;[^,]*)?$)";
  }
  std::unreachable();
}

// The header that tells the scheme. Behind PROXY protocol all headers are the client's own.
std::string_view scheme_header(const Config& config) {
  if (config.proxy_protocol) return "";
  return config.proxy_header == ProxyHeader::forwarded ? "$http_forwarded" : "$http_x_forwarded_proto";
}

}  // namespace

TemplateValues proxy_values(const Config& config) {
  const bool forwarded = config.proxy_header == ProxyHeader::forwarded;
  const auto named = [&](std::string_view text) { return name_for_instance(text, config.instance); };
  const std::string suffix = config.https_port == 443 ? "" : fmt::format(":{}", config.https_port);
  const std::string origin = config.public_url.empty() ? "https://$host" + suffix : config.public_url;
  return {
      {"REAL_IP", real_ip_lines(config)},
      {"TRUSTED_NETWORKS", trusted_networks(config)},
      {"TRUSTED_UNIX", std::ranges::count(config.trusted_proxies, kUnix) > 0 ? "1" : "0"},
      {"PROXIES", config.trusted_proxies.empty() ? "no-proxies" : "proxies"},
      {"CLIENT", named(forwarded ? "$tasklane_client_of_proxy" : "$remote_addr")},
      {"CLIENT_KEY", named(forwarded ? "$tasklane_client_of_proxy" : "$binary_remote_addr")},
      {"ADDRESS",
       forwarded ? named("$tasklane_client_of_proxy ") : ""},  // without one, geo takes the connection's
      {"REQUEST_ID_OF_PROXY", named(config.proxy_protocol ? "$request_id" : "$tasklane_offered_request_id")},
      {"PROXY_SCHEME", std::string(scheme_header(config))},
      {"PLAIN_CLIENT", std::string(plain_client(config.proxy_header))},
      {"OUR_HOSTS", our_hosts(config)},
      {"DOOR", config.tls ? "tls" : "tls-off"},
      {"REDIRECT_SERVER", config.tls ? "tasklane-redirect.conf" : ""},
      {"PUBLIC_ORIGIN", origin},
      {"PUBLIC_HOST", origin.substr(origin.find("://") + 3)},
      {"PUBLIC_PORT",
       config.public_url.empty() ? std::to_string(config.https_port) : port_of(config.public_url)},
  };
}

}  // namespace tasklane
