#include "base/config_forms.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace tasklane {

namespace {

bool is_address(const std::string& text) {
  if (text.contains('\0')) return false;  // inet_pton would read as far as that
  in6_addr storage;  // large enough for both
  return ::inet_pton(AF_INET, text.c_str(), &storage) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &storage) == 1;
}

}  // namespace

bool is_plain(std::string_view text, std::string_view also) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.contains(c);
  });
}

bool is_network(const std::string& text) {
  const auto slash = text.find('/');
  const std::string address = text.substr(0, slash);
  if (slash == std::string::npos) return is_address(address);
  int bits = -1;
  const auto [end, error] = std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
  return is_address(address) && error == std::errc{} && end == text.data() + text.size() && bits >= 0 &&
         bits <= (address.contains(':') ? 128 : 32);
}

bool is_listen_address(const std::string& text) {
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  const std::string address = brackets ? text.substr(1, text.size() - 2) : text;
  return is_address(address) && brackets == address.contains(':');
}

bool is_origin(std::string_view text) {
  for (const auto& [scheme, port] : {std::pair<std::string_view, std::string_view>("https://", ":443"),
                                     std::pair<std::string_view, std::string_view>("http://", ":80")}) {
    if (!text.starts_with(scheme) || text.ends_with(port)) continue;
    std::string_view host = text.substr(scheme.size());
    if (const auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
      const std::string_view digits = host.substr(colon + 1);
      if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return false;
      host = host.substr(0, colon);
    }
    const bool upper = std::ranges::any_of(host, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (host.starts_with('[') && host.ends_with(']'))
      return !upper && is_address(std::string(host.substr(1, host.size() - 2)));
    return !host.empty() && !upper && is_plain(host, ".-");
  }
  return false;
}

bool is_upstream(std::string_view text) {
  if (text.starts_with("unix:/")) return text.size() > 6 && is_plain(text.substr(5), "/._-+@");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = text.substr(0, colon);
  int port = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65'535) return false;
  if (host.starts_with('[')) return is_listen_address(std::string(host));
  return !host.empty() && is_plain(host, ".-");
}

}  // namespace tasklane
