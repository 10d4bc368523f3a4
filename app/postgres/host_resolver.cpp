#include "postgres/host_resolver.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

namespace asio = boost::asio;

namespace {

std::string find(const ConnectionKeywords& keywords, std::string_view name) {
  const auto found = std::ranges::find(keywords, name, &ConnectionKeywords::value_type::first);
  return found == keywords.end() ? std::string() : found->second;
}

void put(ConnectionKeywords& keywords, std::string_view name, std::string value) {
  const auto found = std::ranges::find(keywords, name, &ConnectionKeywords::value_type::first);
  if (found == keywords.end()) {
    keywords.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// A unix socket's folder, an abstract socket, or nothing (libpq's default, a unix socket).
bool is_local(const std::string& host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@');
}

void append(std::string& list, bool first, std::string_view entry) {
  if (!first) list += ',';
  list += entry;
}

}  // namespace

asio::awaitable<std::optional<ConnectionKeywords>> resolve_hosts(ConnectionKeywords keywords) {
  const auto hosts = split(find(keywords, "host"));
  const auto ports = split(find(keywords, "port"));
  if (!find(keywords, "hostaddr").empty() || std::ranges::all_of(hosts, is_local)) co_return keywords;

  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  std::string names;
  std::string addresses;
  std::string numbers;
  bool first = true;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string& port = ports[ports.size() == hosts.size() ? i : 0];
    std::vector<std::string> found;
    if (is_local(hosts[i])) {
      found.emplace_back();
    } else {
      boost::system::error_code error;
      const auto results =
          co_await resolver.async_resolve(hosts[i], "", asio::redirect_error(asio::use_awaitable, error));
      for (const auto& entry : results) found.push_back(entry.endpoint().address().to_string());
    }
    for (const auto& address : found) {
      append(names, first, hosts[i]);
      append(addresses, first, address);
      append(numbers, first, port);
      first = false;
    }
  }
  if (first) co_return std::nullopt;
  put(keywords, "host", std::move(names));
  put(keywords, "hostaddr", std::move(addresses));
  put(keywords, "port", std::move(numbers));
  co_return keywords;
}

}  // namespace tasklane
