#include "base/setting_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/ip_address.h"
#include "base/limits.h"
#include "base/text.h"

namespace tasklane {

namespace {

bool is_address(std::string_view text) {
  return IpAddress::of(text).has_value();
}

// Letters, digits and the characters in `also`, and nothing else: fit for nginx without quotes.
bool is_plain(std::string_view text, std::string_view also) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.contains(c);
  });
}

}  // namespace

bool is_listen_address(const std::string& text) {
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  const std::string address = brackets ? text.substr(1, text.size() - 2) : text;
  return is_address(address) && brackets == address.contains(':');
}

Wrong wrong_in_database_url(const std::string& text) {
  const bool fits = text.starts_with("postgresql://") || text.starts_with("postgres://");
  return fits ? "" : "must begin with postgresql://";
}

std::string_view publicly_known(std::string_view secret) {
  const std::string lower = to_lower(secret);
  if (lower.starts_with("better-auth-secret")) return "is Better Auth's own published default";
  // docs/CONFIGURATION.md; https://jwt.io
  constexpr std::array<std::string_view, 2> kPublished = {"the-same-32-bytes-or-more-as-in-the-front-end",
                                                          "a-string-secret-at-least-256-bits-long"};
  if (std::ranges::find(kPublished, lower) != kPublished.end()) return "is an example from the documents";
  constexpr std::array<std::string_view, 7> kPlaceholders = {
      "change-me", "changeme", "change_me", "your-secret", "your_secret", "example", "placeholder"};
  if (std::ranges::any_of(kPlaceholders, [&](std::string_view word) { return lower.contains(word); }))
    return "looks like a placeholder";
  return {};
}

Wrong wrong_in_secret(const std::string& text) {
  if (text.size() < limits::kSecretMinBytes) {
    return fmt::format("has {} bytes; at least {} are needed (openssl rand -base64 32 makes one)",
                       text.size(), limits::kSecretMinBytes);
  }
  const std::string_view known = publicly_known(text);
  return known.empty() ? "" : fmt::format("{}; make another one: openssl rand -base64 32", known);
}

Wrong wrong_in_path(const std::string& text) {
  const bool fits = text.starts_with('/') && is_plain(text, "/._-+@");
  return fits ? "" : "must be an absolute path of letters, digits and /._-+@";
}

Wrong wrong_in_socket_length(const std::string& text) {
  if (text.size() <= 99) return "";  // sun_path has 107, unix(7)
  return "is longer than 99 bytes: a unix socket's path has at most 107, and FASTCGI_SOCKET.control is one, "
         "too";
}

Wrong wrong_in_table(const std::string& text) {
  const auto is_identifier = [](std::string_view name) {
    return !name.empty() && name.size() <= 63 && is_plain(name, "_") &&
           !(name.front() >= '0' && name.front() <= '9');
  };
  const auto dot = text.find('.');
  const bool fits = dot == std::string::npos
                        ? is_identifier(text)
                        : is_identifier(text.substr(0, dot)) && is_identifier(text.substr(dot + 1));
  return fits ? ""
              : "must be a table's name or SCHEMA.TABLE, each of up to 63 letters, digits and underscores, "
                "not beginning with a digit";
}

Wrong wrong_in_instance(const std::string& text) {
  const bool fits = text.size() <= 32 && !text.starts_with('-') && !text.ends_with('-') &&
                    !text.contains("--") && std::ranges::all_of(text, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  return fits ? "" : "must be at most 32 letters in lower case, digits and single hyphens between them";
}

Wrong wrong_in_nginx_user(const std::string& text) {
  return is_plain(text, "_- ") ? "" : "must be \"USER\" or \"USER GROUP\"";
}

Wrong wrong_in_host_names(const std::string& text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::string name(take_until(rest, ' '));
    const bool address = name.starts_with('[') && is_listen_address(name);
    if (!address && !is_plain(name, ".-*"))
      return "must be host names with spaces between them, an IPv6 address in brackets";
  }
  return "";
}

Wrong wrong_in_operations_listen(const std::string& text) {
  return TcpAddress::of(text) || text == "off" ? ""
                                               : "must be ADDRESS:PORT, an IPv6 address in brackets, or off";
}

Wrong wrong_in_fastcgi_listen(const std::string& text) {
  return TcpAddress::of(text) ? "" : "must be ADDRESS:PORT, an IPv6 address in brackets";
}

bool is_upstream(const std::string& given) {
  const std::string_view text = given;
  if (text.starts_with("unix:/")) return text.size() > 6 && is_plain(text.substr(5), "/._-+@");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = text.substr(0, colon);
  const auto port = parse_number<int>(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65'535) return false;
  if (host.starts_with('[')) return is_listen_address(std::string(host));
  return !host.empty() && is_plain(host, ".-");
}

Wrong wrong_in_upstream(const std::string& text) {
  return is_upstream(text) ? "" : "must be host:port or unix:/path";
}

bool is_network(const std::string& text) {
  return IpNetwork::of(text).has_value();
}

bool is_bounded_network(const std::string& text) {
  const auto network = IpNetwork::of(text);
  return network && !network->is_everything();
}

bool is_trusted_proxy(const std::string& text) {
  return text == "unix:" || is_bounded_network(text);
}

bool is_origin(const std::string& text) {
  constexpr std::string_view kSeparator = "://";
  const auto end = text.find(kSeparator);
  if (end == std::string::npos) return false;
  const std::string scheme = text.substr(0, end);
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!is_plain(scheme, "+.-") || scheme.front() < 'a' || scheme.front() > 'z') return false;
  if (scheme == "file" || scheme == "ftp") return false;  // pages of these have none
  if (std::ranges::any_of(text, is_upper)) return false;
  if ((scheme == "https" && text.ends_with(":443")) || (scheme == "http" && text.ends_with(":80")))
    return false;
  std::string_view host = std::string_view(text).substr(end + kSeparator.size());
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
    if (!parse_number<std::uint16_t>(host.substr(colon + 1))) return false;
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']'))
    return is_address(std::string(host.substr(1, host.size() - 2)));
  return !host.empty() && is_plain(host, ".-_");
}

Wrong wrong_in_public_url(const std::string& text) {
  return text.starts_with("https://") && is_origin(text)
             ? ""
             : "must be an origin such as https://tasks.example.com: https, host in lower case, a port "
               "unless it"
               " is 443, no path";
}

bool is_web_origin(const std::string& text) {
  return (text.starts_with("https://") || text.starts_with("http://")) && is_origin(text);
}

bool is_header_name(const std::string& text) {
  return !text.empty() && is_plain(text, "-_");
}

}  // namespace tasklane
