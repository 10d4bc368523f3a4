#include "auth/party.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tasklane {

namespace {

bool is_scheme(std::string_view text) {
  constexpr std::string_view kMarks = "+-.";
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && is_letter(to_lower(text.front())) && std::ranges::all_of(text, [&](char c) {
    return is_letter(to_lower(c)) || (c >= '0' && c <= '9') || kMarks.contains(c);
  });
}

// host[:port] without a port that says nothing: an empty one, or the scheme's own.
std::string normalised_host(std::string_view scheme, std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kOwnPorts[] = {{"https", ":443"}, {"http", ":80"}};
  if (text.ends_with(':')) text.remove_suffix(1);
  for (const auto& [name, port] : kOwnPorts) {
    if (scheme == name && text.ends_with(port)) text.remove_suffix(port.size());
  }
  return to_lower(text);
}

}  // namespace

std::string normalised_party(std::string_view name) {
  const auto colon = name.find("://");
  if (colon == std::string_view::npos || !is_scheme(name.substr(0, colon))) return std::string(name);
  const std::string scheme = to_lower(name.substr(0, colon));
  const std::string_view rest = name.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  std::string_view behind = rest.substr(authority.size());
  // A slash at the end of a query or a fragment is no part of the path.
  if (behind.ends_with('/') && behind.find_first_of("?#") == std::string_view::npos) behind.remove_suffix(1);
  const auto at = authority.rfind('@');
  const std::string_view user = authority.substr(0, at == std::string_view::npos ? 0 : at + 1);
  std::string normalised = scheme + "://";
  normalised += user;
  normalised += normalised_host(scheme, authority.substr(user.size()));
  normalised += behind;
  return normalised;
}

bool same_party(std::string_view one, std::string_view other) {
  return one == other || normalised_party(one) == normalised_party(other);
}

}  // namespace tasklane
