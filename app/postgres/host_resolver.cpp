#include "postgres/host_resolver.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace tasklane {

namespace asio = boost::asio;

namespace {

void put(ConnectionKeywords& keywords, std::string_view name, std::string value) {
  const auto found = std::ranges::find(keywords, name, &ConnectionKeywords::value_type::first);
  if (found == keywords.end()) {
    keywords.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

// libpq looks at all hosts for a standby before it takes what there is. Each of these has one host.
std::vector<ConnectionKeywords> standbys_first(const std::vector<ConnectionKeywords>& all) {
  std::vector<ConnectionKeywords> twice;
  for (const char* wanted : {"standby", "any"}) {
    for (ConnectionKeywords one : all) {
      put(one, "target_session_attrs", wanted);
      twice.push_back(std::move(one));
    }
  }
  return twice;
}

}  // namespace

asio::awaitable<std::vector<ConnectionKeywords>> resolve_hosts(ConnectionKeywords keywords) {
  const auto hosts = split(value_of(keywords, "host"), ',');
  const auto given = split(value_of(keywords, "hostaddr"), ',');
  const auto ports = split(value_of(keywords, "port"), ',');
  const bool addresses_given = !value_of(keywords, "hostaddr").empty();
  const std::size_t count = addresses_given ? given.size() : hosts.size();
  if ((hosts.size() != count && !value_of(keywords, "host").empty()) ||
      (ports.size() != 1 && ports.size() != count))
    co_return std::vector<ConnectionKeywords>(1, keywords);

  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  std::vector<ConnectionKeywords> all;
  for (std::size_t i = 0; i < count; ++i) {
    ConnectionKeywords one = keywords;
    const std::string host = hosts.size() == count ? hosts[i] : "";
    if (!host.empty()) put(one, "host", host);
    if (ports.size() > 1) put(one, "port", ports[i]);
    if (addresses_given) put(one, "hostaddr", given[i]);
    if (is_local(host) || (addresses_given && !given[i].empty())) {
      all.push_back(std::move(one));
      continue;
    }
    boost::system::error_code error;
    const auto results =
        co_await resolver.async_resolve(host, "", asio::redirect_error(asio::use_awaitable, error));
    for (const auto& entry : results) {
      put(one, "hostaddr", entry.endpoint().address().to_string());
      all.push_back(one);
    }
  }
  co_return value_of(keywords, "target_session_attrs") == "prefer-standby" ? standbys_first(all) : all;
}

}  // namespace tasklane
