// The database's URL: libpq splits it (and is not instrumented), the list of hosts is taken apart here. Only
// URLs whose hosts need no look-up go that far, so that no name server is asked.

#include "base/awaitable.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "fuzz.h"
#include "postgres/host_resolver.h"
#include "postgres/url_mistake.h"

using namespace tasklane;
using fuzz::require;

namespace {

const std::string* find(const ConnectionKeywords& keywords, std::string_view name) {
  for (const auto& [keyword, value] : keywords) {
    if (keyword == name) return &value;
  }
  return nullptr;
}

bool needs_look_up(const ConnectionKeywords& keywords) {
  const std::string* addresses = find(keywords, "hostaddr");
  const std::string* hosts = find(keywords, "host");
  if (addresses != nullptr && !addresses->empty())
    return addresses->starts_with(',') || addresses->ends_with(',') || addresses->contains(",,");
  std::string_view rest = hosts == nullptr ? std::string_view() : *hosts;
  while (!rest.empty()) {
    const std::string_view host = take_until(rest, ',');
    if (!host.empty() && !host.starts_with('/') && !host.starts_with('@')) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string url(fuzz::text_of(data, size));
  if (!url.starts_with("postgres")) url.insert(0, "postgresql://");
  require(!unescaped_character_in(url).contains('\0'), "a sentence");
  require(!why_malformed(url).contains("="), "no value is told");
  const auto keywords = parse_connection_url(url);
  if (!keywords || needs_look_up(*keywords)) return 0;
  boost::asio::io_context loop;
  bool resolved = false;
  boost::asio::co_spawn(loop, resolve_hosts(*keywords),
                        [&](const std::exception_ptr& fault, const std::vector<ConnectionKeywords>& all) {
                          require(!fault && !all.empty(), "there is a place to connect to");
                          for (const auto& one : all)
                            require(one.size() >= keywords->size(), "no keyword gets lost");
                          resolved = true;
                        });
  loop.run();
  require(resolved, "hosts without a name need no look-up");
  return 0;
}
