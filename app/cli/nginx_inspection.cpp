#include "cli/nginx_inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string>

#include "cli/nginx_dump.h"
#include "cli/nginx_template.h"

namespace tasklane {

namespace {

using Level = Finding::Level;
using Findings = std::vector<Finding>;

// One that can be set at http level and not be taken back.
constexpr std::array<std::string_view, 2> kStays = {"add_trailer", "proxy_set_body"};
// Of modules that Debian's nginx does not have built in.
constexpr std::array<std::string_view, 9> kOfOtherModules = {
    "more_", "brotli", "zstd", "subs_filter", "echo_", "modsecurity", "pagespeed", "perl", "js_"};

struct Listener {
  const NginxDirective* server;
  std::string address;  // with its port, as this host compares them
  bool ours, is_default, proxy_protocol;
};

bool is_of(const NginxDirective& directive, std::string_view name) {
  return directive.words.front() == name;
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// "443", "*:443" and "0.0.0.0:443" are one.
std::string with_port(std::string text) {
  if (text.starts_with("unix:")) return text;
  if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return "0.0.0.0:" + text;
  if (text.starts_with("*:")) return "0.0.0.0" + text.substr(1);
  const bool port = text.starts_with('[') ? text.contains("]:") : text.contains(':');
  return port ? text : text + ":80";
}

std::string port_of(const std::string& address) {
  return address.substr(address.rfind(':') + 1);
}

bool is_for_all(const std::string& address) {
  return address.starts_with("0.0.0.0:") || address.starts_with("[::]:");
}

std::vector<Listener> listeners_of(const NginxDirective& http, const std::string& site) {
  std::vector<Listener> found;
  for (const auto& server : http.inside) {
    if (!is_of(server, "server")) continue;
    const bool ours = std::filesystem::path(server.file).filename() == site;
    for (const auto& each : server.inside) {
      if (!is_of(each, "listen") || each.words.size() < 2) continue;
      found.push_back({.server = &server,
                       .address = with_port(each.words[1]),
                       .ours = ours,
                       .is_default = has(each.words, "default_server"),
                       .proxy_protocol = has(each.words, "proxy_protocol")});
    }
  }
  return found;
}

void inspect_http_block(const NginxDirective& http, Findings& findings) {
  for (const auto& each : http.inside) {
    const std::string_view name = each.words.front();
    const bool of_a_module =
        name.contains("_by_lua") ||
        std::ranges::any_of(kOfOtherModules, [&](std::string_view start) { return name.starts_with(start); });
    if (!of_a_module && std::ranges::find(kStays, name) == kStays.end()) continue;
    findings.push_back(
        {Level::warning,
         fmt::format("nginx: `{}` in the http block ({}) applies to Tasklane's answers, too; move"
                     " it into the servers that want it",
                     name, each.file)});
  }
}

const std::vector<std::string>* protocols_of(const NginxDirective& block) {
  const auto found =
      std::ranges::find_if(block.inside, [](const auto& each) { return is_of(each, "ssl_protocols"); });
  return found == block.inside.end() ? nullptr : &found->words;
}

// The protocol is agreed on before a client has named its host: the default server's list counts.
void inspect_default(const NginxDirective& http, const Listener& its, Findings& findings) {
  const auto* protocols = protocols_of(*its.server);
  if (protocols == nullptr) protocols = protocols_of(http);
  if (protocols == nullptr || (!has(*protocols, "TLSv1") && !has(*protocols, "TLSv1.1"))) return;
  findings.push_back(
      {Level::warning,
       fmt::format("nginx: the default server of {} ({}) takes TLS 1.1 or older, for Tasklane, too;"
                   " give it ssl_protocols TLSv1.2 TLSv1.3",
                   its.address, its.server->file)});
}

void inspect_sockets(const NginxDirective& http, const std::vector<Listener>& listeners, Findings& findings) {
  std::map<std::string, const Listener*> defaults;
  const auto at = [&](const std::string& address) {
    return std::ranges::any_of(listeners,
                               [&](const Listener& each) { return each.ours && each.address == address; });
  };
  const auto on_port = [&](const std::string& address) {
    return std::ranges::any_of(listeners, [&](const Listener& each) {
      return each.ours && is_for_all(each.address) && port_of(each.address) == port_of(address) &&
             each.address.starts_with('[') == address.starts_with('[');
    });
  };
  for (const Listener& each : listeners) {
    const Listener*& first = defaults[each.address];
    if (first == nullptr || each.is_default) first = &each;
    if (each.ours) continue;
    if (at(each.address) && each.proxy_protocol) {
      findings.push_back({Level::bad, fmt::format("nginx: {} has proxy_protocol ({}), which is the socket's;"
                                                  " give Tasklane other LISTEN_ADDRESSES",
                                                  each.address, each.server->file)});
    } else if (!at(each.address) && !is_for_all(each.address) && on_port(each.address)) {
      findings.push_back(
          {Level::warning,
           fmt::format("nginx: requests to {} go to {}, never to Tasklane; name that address in"
                       " LISTEN_ADDRESSES",
                       each.address, each.server->file)});
    }
  }
  for (const auto& [address, its] : defaults) {
    if (!its->ours && at(address)) inspect_default(http, *its, findings);
  }
}

}  // namespace

std::vector<Finding> inspect_nginx(const Config& config, std::string_view dump) {
  Findings findings;
  for (const auto& block : read_nginx_dump(dump)) {
    if (!is_of(block, "http")) continue;
    const auto listeners = listeners_of(block, site_name(config.instance) + ".conf");
    if (std::ranges::none_of(listeners, &Listener::ours)) continue;
    inspect_http_block(block, findings);
    inspect_sockets(block, listeners, findings);
    if (findings.empty())
      findings.push_back({Level::good, "nginx: nothing of other sites changes Tasklane's answers"});
  }
  return findings;
}

}  // namespace tasklane
