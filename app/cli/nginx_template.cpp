#include "cli/nginx_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "cli/nginx_proxies.h"
#include "cli/nginx_site.h"

namespace tasklane {

namespace {

constexpr std::string_view kNameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

// Of a socket that is ours alone. Beside other sites they would have to be the same as theirs.
constexpr std::string_view kOwnQueue = " backlog=4096";
constexpr std::string_view kProxyProtocol = " proxy_protocol";

// Each of nginx's processes has a queue of its own, so that they have equally many clients. (The plain port
// has one for all: by that a second nginx is refused.)
std::string server_options(const Config& config, const NginxHost& host) {
  return fmt::format(
      "{}{}{}{}", config.tls ? " ssl" : "", config.tls && !host.http2_directive ? " http2" : "",
      config.proxy_protocol ? kProxyProtocol : "", host.alone ? fmt::format("{} reuseport", kOwnQueue) : "");
}

std::string redirect_options(const Config& config, const NginxHost& host) {
  return fmt::format("{}{}", config.proxy_protocol ? kProxyProtocol : "", host.alone ? kOwnQueue : "");
}

// A line for each address; those of the host when none is named.
std::string listen_lines(const Config& config, const NginxHost& host, int port, std::string_view options) {
  std::vector<std::string> addresses = config.listen_addresses;
  if (addresses.empty()) addresses.emplace_back("0.0.0.0");
  if (config.listen_addresses.empty() && host.ipv6) addresses.emplace_back("[::]");
  std::string lines;
  for (const std::string& address : addresses)
    lines += fmt::format("{}listen {}:{}{};", lines.empty() ? "" : "\n    ", address, port, options);
  return lines;
}

// Mozilla's server side TLS guidelines, version 5.7.
std::string tls_settings(TlsProfile profile) {
  switch (profile) {
    case TlsProfile::modern:
      return "ssl_protocols TLSv1.3;";
    case TlsProfile::intermediate:
      return "ssl_protocols TLSv1.2 TLSv1.3;\n"
             "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
             "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
             "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
             "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305;";
  }
  std::unreachable();
}

// A map's entries; as regular expressions, since nginx compares plain strings without case and an origin is
// compared exactly.
std::string cors_entries(const std::vector<std::string>& origins) {
  std::string entries;
  for (const std::string& origin : origins) {
    std::string pattern;
    for (const char c : origin) {
      if (std::string_view(".[]+").contains(c)) pattern += '\\';
      pattern += c;
    }
    entries += fmt::format("    \"~^{}$\" \"{}\";\n", pattern, origin);
  }
  return entries;
}

// Behind a list that has others.
std::string header_entries(const std::vector<std::string>& names) {
  std::string entries;
  for (const std::string& name : names) entries += ", " + name;
  return entries;
}

std::string allow_lines(const std::vector<std::string>& networks) {
  std::string lines;
  for (const std::string& network : networks) lines += fmt::format("allow {};\n", network);
  return lines;
}

// Of an upstream.
std::string server_lines(const std::vector<std::string>& servers, std::string_view how) {
  std::string lines;
  for (const std::string& server : servers)
    lines += fmt::format("{}server {} {};", lines.empty() ? "" : "\n", server, how);
  return lines;
}

std::string geo_lines(const std::vector<std::string>& networks) {
  std::string lines;
  for (const std::string& network : networks) lines += fmt::format("    {} 1;\n", network);
  return lines;
}

// Where /_next/static/ comes from: the disk when the folder is known, else the web app, as everything else
// does.
std::string frontend_static(const std::string& root) {
  return root.empty() ? "proxy_pass http://tasklane_frontend;"
                      : fmt::format("alias \"{}/_next/static/\";", root);
}

// A development server is on this host and serves its files itself. Nothing else is upgraded.
bool is_in_development(const Config& config) {
  constexpr std::array<std::string_view, 3> kLoopback = {"127.", "localhost:", "[::1]:"};
  return config.frontend_root.empty() && std::ranges::any_of(kLoopback, [&](std::string_view start) {
           return config.frontend_upstream.starts_with(start);
         });
}

bool fits_into_a_string(std::string_view path) {
  return path.starts_with('/') && std::ranges::none_of(path, [](char c) {
           return std::string_view("\"'\\$;{}").contains(c) || static_cast<unsigned char>(c) < 0x20 ||
                  c == '\x7f';
         });
}

// Why a path of `host` cannot stand in nginx's configuration; empty: all can.
std::string unfit_path(const NginxHost& host) {
  const std::string logs = "/" + host.log_folder;
  for (const auto& [what, path] :
       {std::pair("--out", &host.configuration_folder), std::pair("--docs", &host.docs_folder),
        std::pair("--templates", &host.www_folder), std::pair("--logs", &logs)}) {
    if (!fits_into_a_string(*path))
      return fmt::format("{}: nginx cannot be given a path with one of \" ' \\ $ ; {{ }}", what);
  }
  return {};
}

}  // namespace

std::string site_name(std::string_view instance) {
  return instance == kDefaultInstance ? std::string(instance)
                                      : fmt::format("{}-{}", kDefaultInstance, instance);
}

std::expected<TemplateValues, std::string> template_values(const Config& config, const NginxHost& host) {
  if (const auto refusal = unfit_path(host); !refusal.empty()) return std::unexpected(refusal);
  const bool hosts = !config.fastcgi_upstreams.empty();
  const bool limited = config.rate_limit_per_second > 0;
  TemplateValues values{
      {"USER", config.nginx_user.empty() ? "" : fmt::format("user {};", config.nginx_user)},
      {"HTTP2_DIRECTIVE",
       host.http2_directive ? "http2 on;" : "http2_push off;\n    http2_push_preload off;"},
      {"SERVER_NAME", config.server_name},
      {"SERVER_LISTEN", listen_lines(config, host, config.tls ? config.https_port : config.http_port,
                                     server_options(config, host))},
      {"REDIRECT_LISTEN", listen_lines(config, host, config.http_port, redirect_options(config, host))},
      {"OPERATIONS_LISTEN", config.operations_listen},
      {"OPERATIONS_SERVER", config.operations_listen == "off" ? "" : "tasklane-operations.conf"},
      {"SITE", site_name(config.instance)},
      {"LOGS", host.log_folder},
      {"LOG_PREFIX", host.alone ? "nginx" : site_name(config.instance)},
      {"TLS_CERTIFICATE", config.tls_certificate},
      {"TLS_CERTIFICATE_KEY", config.tls_certificate_key},
      {"TLS_SETTINGS", tls_settings(config.tls_profile)},
      {"FASTCGI_SOCKET", config.socket_path},
      {"WORKERS_AT", hosts ? "hosts" : "socket"},
      {"FASTCGI_UPSTREAMS", server_lines(config.fastcgi_upstreams, "max_fails=1 fail_timeout=10s")},
      {"FASTCGI_UPSTREAMS_BACKUP", server_lines(config.fastcgi_upstreams, "max_fails=0 backup")},
      {"AGAIN", hosts ? "tasklane-again.conf" : ""},
      {"AGAIN_HTTP", hosts ? "tasklane-again-http.conf" : ""},
      {"AGAIN_PAGES", hosts ? "tasklane-again-pages.conf" : ""},
      {"OWN_WORKERS", hosts ? "own-workers" : "fastcgi"},
      {"CORS_ORIGINS", cors_entries(config.cors_origins)},
      {"CORS_HEADERS", header_entries(config.cors_headers)},
      {"OPERATIONS_ALLOW", allow_lines(config.operations_allow)},
      {"OPERATORS", geo_lines(config.operations_allow)},
      {"STATE", config.state_folder},
      {"RATE_LIMIT_ZONE",
       limited ? name_for_instance(
                     fmt::format("limit_req_zone $tasklane_rate_limit_key zone=tasklane_rate:10m rate={}r/s;",
                                 config.rate_limit_per_second),
                     config.instance)
               : ""},
      {"RATE_LIMIT", limited ? name_for_instance(fmt::format("limit_req zone=tasklane_rate burst={} nodelay;",
                                                             2 * config.rate_limit_per_second),
                                                 config.instance)
                             : ""},
      {"PAGES", config.frontend_upstream.empty() ? "landing" : "frontend"},
      {"FRONTEND_UPSTREAM", config.frontend_upstream},
      {"FRONTEND_STATIC", name_for_instance(frontend_static(config.frontend_root), config.instance)},
      {"FRONTEND_HOT_RELOAD", is_in_development(config) ? "tasklane-frontend-hot-reload.conf" : ""},
      {"CONFIGURATION", host.configuration_folder},
      {"DOCS", host.docs_folder},
      {"WWW", host.www_folder},
  };
  values.merge(proxy_values(config));
  return values;
}

std::expected<std::string, std::string> render_template(std::string_view text, const TemplateValues& values) {
  std::string rendered;
  std::size_t line = 1;
  while (!text.empty()) {
    const auto at = std::min(text.find('@'), text.size());
    line += static_cast<std::size_t>(std::ranges::count(text.substr(0, at), '\n'));
    rendered += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    const auto end = text.find_first_not_of(kNameCharacters, 1);
    if (end == std::string_view::npos || end == 1 || text[end] != '@') {
      rendered += '@';  // a named location, such as @problem_404
      text.remove_prefix(1);
      continue;
    }
    const std::string_view name = text.substr(1, end - 1);
    const auto value = values.find(name);
    if (value == values.end()) return std::unexpected(fmt::format("line {}: nobody knows @{}@", line, name));
    rendered += value->second;
    text.remove_prefix(end + 1);
  }
  return rendered;
}

bool has_http2_directive(std::string_view version_line) {
  constexpr std::array<int, 3> kSince = {1, 25, 1};
  std::array<int, 3> version{};
  const auto slash = version_line.find('/');
  if (slash == std::string_view::npos) return true;
  std::string_view rest = version_line.substr(slash + 1);
  for (int& part : version) {
    part = take_number<int>(rest).value_or(0);
    if (rest.starts_with('.')) rest.remove_prefix(1);
  }
  return version >= kSince;
}

}  // namespace tasklane
