#include "postgres/url_mistake.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace tasklane {

namespace {

constexpr std::string_view kHexadecimal = "0123456789abcdefABCDEF";

bool has_bad_percent(std::string_view text) {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view digits = text.substr(at + 1, 2);
    if (digits.size() < 2 || digits.find_first_not_of(kHexadecimal) != std::string_view::npos) return true;
  }
  return false;
}

std::string_view behind_scheme(std::string_view url) {
  const auto end = url.find("://");
  return end == std::string_view::npos ? url : url.substr(end + 3);
}

bool is_printable_name(std::string_view name) {
  constexpr std::string_view kMarks = "_-.";
  constexpr std::size_t kLongest = 40;
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, [&](char c) {
    return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || (c >= '0' && c <= '9') || kMarks.contains(c);
  });
}

bool all_local(const ConnectionKeywords& keywords) {
  if (!value_of(keywords, "hostaddr").empty()) return false;
  const auto hosts = split(value_of(keywords, "host"), ',');
  return std::ranges::all_of(hosts, [](const std::string& host) { return is_local(host); });
}

std::string unreadable(std::string_view name, const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) return "";
  return fmt::format("its {} cannot be read: {}", name, std::strerror(errno));
}

// What verify-ca and verify-full go by (libpq documentation, "SSL Support"). A unix socket has no TLS.
std::string wrong_in_certificates(const ConnectionKeywords& keywords) {
  const std::string root = value_of(keywords, "sslrootcert");
  const std::string mode = value_of(keywords, "sslmode");
  const std::string certificate = value_of(keywords, "sslcert");
  const std::string key = value_of(keywords, "sslkey");
  if (all_local(keywords)) return "";
  if (root == "system" && !mode.empty() && mode != "verify-full")
    return "sslrootcert=system needs sslmode=verify-full";  // so says libpq 16
  if (root == "system")
    return libpq_knows_system_roots() ? ""
                                      : "sslrootcert=system needs libpq 16 or newer; name the file with the"
                                        " authorities, such as /etc/ssl/certs/ca-certificates.crt";
  if (!certificate.empty() && !key.empty() && !key.contains(':')) {
    if (auto wrong = unreadable("sslkey", key); !wrong.empty()) return wrong;
  }
  if (!mode.starts_with("verify-")) return "";
  if (!root.empty()) return unreadable("sslrootcert", root);
  const char* home = std::getenv("HOME");
  const std::string usual = fmt::format("{}/.postgresql/root.crt", home != nullptr ? home : "");
  if (std::getenv("PGSSLROOTCERT") != nullptr || ::access(usual.c_str(), R_OK) == 0) return "";
  return fmt::format(
      "sslmode={} needs sslrootcert, the file with the authorities, such as"
      " /etc/ssl/certs/ca-certificates.crt",
      mode == "verify-ca" ? "verify-ca" : "verify-full");
}

// libpq reads these when it has connected, and then breaks off.
std::string wrong_in_numbers(const ConnectionKeywords& keywords) {
  for (const std::string_view name :
       {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}) {
    const std::string value = value_of(keywords, name);
    if (!value.empty() && !parse_number<int>(trim(value))) return fmt::format("its {} is no number", name);
  }
  return "";
}

}  // namespace

std::string unescaped_character_in(std::string_view url) {
  const auto has = [](std::string_view character, std::string_view code) {
    return fmt::format("it has an unescaped {} in the password, or elsewhere: write {}", character, code);
  };
  const std::string_view rest = behind_scheme(url);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::string_view behind = rest.substr(authority.size());
  const std::string_view path = behind.substr(0, behind.find('?'));
  const auto last_at = authority.rfind('@');
  if (has_bad_percent(rest)) return has("%", "%25");
  if (rest.contains('#')) return has("#", "%23");
  if (path.contains('@')) return has("/ (or @)", "%2F (or %40)");
  if (authority.find('@') != last_at) return has("@", "%40");
  if (last_at != std::string_view::npos && authority.find('?') < last_at) return has("?", "%3F");
  // "u:p/s?s@host": what should be a port is none.
  const auto colon = authority.rfind(':');
  const bool has_port = colon == std::string_view::npos || authority.ends_with(']') ||
                        authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  if (last_at == std::string_view::npos && !has_port && behind.contains('@')) return has("/", "%2F");
  return "";
}

bool is_newer_parameter(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNewer = {
      "load_balance_hosts", "require_auth",  "sslcertmode",          "gssdelegation",       "sslnegotiation",
      "servicefile",        "sslkeylogfile", "min_protocol_version", "max_protocol_version"};
  return std::ranges::find(kNewer, name) != kNewer.end() || name.starts_with("oauth_") ||
         name.starts_with("scram_");
}

std::string newer_parameter_refused(std::string_view name) {
  return fmt::format("it has the parameter {}, which libpq 15 and the web app do not know", name);
}

std::string why_malformed(std::string_view url) {
  const std::string_view rest = behind_scheme(url);
  const auto question = rest.find('?');
  if (question == std::string_view::npos) return "it is malformed";
  std::string_view query = rest.substr(question + 1);
  bool may_be_password = false;  // what follows an unescaped "&" in one
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view name = take_until(value, '=');
    if (!may_be_password && is_printable_name(name) && !libpq_knows(name)) {
      return is_newer_parameter(name)
                 ? newer_parameter_refused(name)
                 : fmt::format("it has the parameter {}, which libpq does not know", name);
    }
    may_be_password = may_be_password || name.contains("password") || !is_printable_name(name);
  }
  return "it is malformed, or has a parameter that libpq does not know";
}

std::string why_refused(const ConnectionKeywords& keywords) {
  if (auto wrong = wrong_in_numbers(keywords); !wrong.empty()) return wrong;
  if (auto wrong = wrong_in_certificates(keywords); !wrong.empty()) return wrong;
  const std::string name = refused_keyword(keywords);
  if (name == "service") return std::string(kServiceRefused);
  return name.empty() ? "" : fmt::format("libpq does not take its {}", name);
}

}  // namespace tasklane
