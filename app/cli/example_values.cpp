#include "cli/example_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "auth/party.h"
#include "base/text.h"
#include "postgres/libpq_connection.h"

namespace tasklane {

namespace {

// RFC 2606 keeps these for documents.
bool is_example_host(std::string_view host) {
  constexpr std::array<std::string_view, 3> kReserved = {"example.com", "example.net", "example.org"};
  return std::ranges::any_of(kReserved, [&](std::string_view reserved) {
    if (!host.ends_with(reserved)) return false;
    host.remove_suffix(reserved.size());
    return host.empty() || host.ends_with('.');
  });
}

bool has_example_host(std::string_view hosts, char separator) {
  return std::ranges::any_of(split(hosts, separator), is_example_host);
}

// What is between "://" and a port or a path.
std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of(":/?#"));
}

}  // namespace

ConfigMistakes example_values(const Config& config) {
  ConfigMistakes mistakes;
  const auto add = [&](std::string_view name, std::string_view what) {
    mistakes.push_back(fmt::format("{} still has {} of the documents' example", name, what));
  };
  const auto look_at_url = [&](std::string_view name, const std::string& url) {
    const auto keywords = parse_connection_url(url).value_or(ConnectionKeywords());
    const std::string password = value_of(keywords, "password");
    if (password == "PASSWORD" || password == "\u2026") return add(name, "the password");
    const std::string host = value_of(keywords, "host");
    if (host == "HOST" || has_example_host(host, ',')) add(name, "the host");
  };
  look_at_url("DATABASE_URL", config.database_url);
  if (config.database_url_direct != config.database_url)
    look_at_url("DATABASE_URL_DIRECT", config.database_url_direct);
  if (is_example_host(host_of(normalised_party(config.issuer)))) add("AUTH_ISSUER", "the host");
  if (is_example_host(host_of(normalised_party(config.audience)))) add("AUTH_AUDIENCE", "the host");
  if (has_example_host(config.server_name, ' ')) add("SERVER_NAME", "the host");
  if (is_example_host(host_of(config.public_url))) add("PUBLIC_URL", "the host");
  return mistakes;
}

}  // namespace tasklane
