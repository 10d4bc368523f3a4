#include "base/settings_of_nginx.h"

#include "base/limits.h"
#include "base/setting_forms.h"
#include "base/setting_rules.h"

namespace tasklane {

namespace {

constexpr TextRule kPath{"an absolute path", wrong_in_path};

using enum SettingGroup;

const Setting kSettings[] = {
    {.name = "NGINX_USER",
     .group = nginx,
     .form = text(&Config::nginx_user, {{"`USER` or `USER GROUP`", wrong_in_nginx_user}}),
     .default_in_words = "nginx's own",
     .text = "The user, and the group, that nginx's workers run as."},
    {.name = "SERVER_NAME",
     .group = nginx,
     .form = text(&Config::server_name, {{"host names", wrong_in_host_names}}),
     .default_value = "localhost",
     .text = "The host names that nginx answers to, with spaces between them. A request for another one is "
             "421, but"
             " for `/healthz` and `/readyz`.",
     .more = "The host of `PUBLIC_URL`, the listening address, `localhost`, `127.0.0.1` and `[::1]` are "
             "names as well."
             " A host that is reached by another address has that here."},
    {.name = "PUBLIC_URL",
     .group = nginx,
     .form = text(&Config::public_url, {{"`https://HOST` or `https://HOST:PORT`", wrong_in_public_url}}),
     .default_in_words = "the host that a client uses, with HTTPS_PORT",
     .text = "The origin that clients use: where redirects go, and what the web app is told of itself. Set "
             "it when"
             " a proxy or a port mapping stands in front.",
     .more = "`scripts/up` derives `BETTER_AUTH_URL` from it.",
     .example = "https://tasks.example.com"},
    {.name = "TRUSTED_PROXIES",
     .group = nginx,
     .form = list(&Config::trusted_proxies, "addresses, networks or `unix:`, comma separated",
                  is_trusted_proxy, "entry {} must be an address, a network (CIDR, not /0) or unix:"),
     .default_in_words = "none",
     .text = "Proxies in front, whose word on client addresses and request ids counts.",
     .more = "[Proxies](operations/proxies.md) has settings for the usual ones.",
     .example = "127.0.0.1,10.0.0.0/8"},
    {.name = "PROXY_HEADER",
     .group = nginx,
     .form = choice(&Config::proxy_header, {{"X-Forwarded-For", ProxyHeader::x_forwarded_for},
                                            {"Forwarded", ProxyHeader::forwarded}}),
     .default_value = "X-Forwarded-For",
     .text =
         "The header in which they tell it. They must set it themselves: what a client sends must not pass.",
     .more = "Only this one is read. `Forwarded` (RFC 7239) has [limits](operations/proxies.md#forwarded)."},
    {.name = "PROXY_PROTOCOL",
     .group = nginx,
     .form = choice(&Config::proxy_protocol, {{"off", false}, {"on", true}}),
     .default_value = "off",
     .text =
         "`on`: every connection to nginx begins with the PROXY protocol (version 1 or 2), and no header is"
         " read for the client's address."},
    {.name = "LISTEN_ADDRESSES",
     .group = nginx,
     .form = list(&Config::listen_addresses, "IP addresses, IPv6 in brackets, comma separated",
                  is_listen_address, "entry {} must be an IP address, an IPv6 address in brackets"),
     .default_in_words = "`0.0.0.0,[::]`, without IPv6 on the host `0.0.0.0`",
     .text = "The addresses that nginx listens on. `[::]` is IPv6 alone.",
     .example = "192.0.2.7,[2001:db8::7]"},
    {.name = "HTTPS_PORT",
     .group = nginx,
     .form = whole(&Config::https_port, 1, 65'535),
     .default_value = "443",
     .text = "The port with TLS."},
    {.name = "HTTP_PORT",
     .group = nginx,
     .form = whole(&Config::http_port, 1, 65'535),
     .default_value = "80",
     .text = "The plain port: it redirects pages to HTTPS and refuses API calls.",
     .more = "A token sent there has already been seen."},
    {.name = "TLS",
     .group = nginx,
     .form = choice(&Config::tls, {{"on", true}, {"off", false}}),
     .default_value = "on",
     .text = "`off`: TLS ends in a trusted proxy. The plain port serves everything, to `TRUSTED_PROXIES` "
             "alone, and"
             " there is no port with TLS."},
    {.name = "TLS_CERTIFICATE",
     .group = nginx,
     .form = text(&Config::tls_certificate, {kPath}),
     .default_value = "/etc/tasklane/tls/fullchain.pem",
     .text = "The certificate with its chain."},
    {.name = "TLS_CERTIFICATE_KEY",
     .group = nginx,
     .form = text(&Config::tls_certificate_key, {kPath}),
     .default_value = "/etc/tasklane/tls/privkey.pem",
     .text = "The certificate's key."},
    {.name = "TLS_PROFILE",
     .group = nginx,
     .form = choice(&Config::tls_profile,
                    {{"intermediate", TlsProfile::intermediate}, {"modern", TlsProfile::modern}}),
     .default_value = "intermediate",
     .text = "Mozilla's server side TLS: `intermediate` is TLS 1.2 and 1.3, `modern` 1.3 alone."},
    {.name = "CORS_ORIGINS",
     .group = nginx,
     .form = list(
         &Config::cors_origins, "origins", is_origin,
         "entry {} must be an origin such as https://app.example.com: scheme, host in lower case, port if"
         " any, no path"),
     .default_in_words = "none",
     .text = "Whose pages may call the API from a browser. Origins are compared exactly: scheme, host in "
             "lower case, port unless it is the scheme's own, no path.",
     .example = "https://app.example.com,http://localhost:3000"},
    {.name = "CORS_HEADERS",
     .group = nginx,
     .form = list(&Config::cors_headers, "names of headers", is_header_name,
                  "entry {} must be the name of a header: letters, digits, - and _"),
     .default_in_words = "none",
     .text = "What such pages may send besides the API's own headers and those of tracing and `fetch` "
             "libraries (`baggage`, `sentry-trace`, `tracestate`, `X-Requested-With`).",
     .example = "X-Client-Version"},
    {.name = "OPERATIONS_LISTEN",
     .group = nginx,
     .form = text(&Config::operations_listen,
                  {{"`ADDRESS:PORT`, IPv6 in brackets, or `off`", wrong_in_operations_listen}}),
     .default_value = "127.0.0.1:8082",
     .text = "Where nginx answers `/metrics`, `/status` and `/readyz` with its details, in plain HTTP.",
     .more = "The public ports answer 404 for the first two. `off`: `tasklane status` is what is left."},
    {.name = "OPERATIONS_ALLOW",
     .group = nginx,
     .form = list(&Config::operations_allow, "addresses or networks, comma separated", is_network,
                  "must be addresses or networks (CIDR)"),
     .default_in_words = "loopback alone",
     .text = "Who may ask at `OPERATIONS_LISTEN`, besides loopback."},
    {.name = "RATE_LIMIT_PER_SECOND",
     .group = nginx,
     .form = whole(&Config::rate_limit_per_second, 0, 100'000),
     .default_value = "0",
     .text = "API requests per second and client address; past that 429. 0: no limit."},
    {.name = "FASTCGI_UPSTREAMS",
     .group = nginx,
     .form = list(&Config::fastcgi_upstreams, "`host:port` or `unix:/path`, comma separated", is_upstream,
                  "entry {} must be host:port or unix:/path"),
     .default_in_words = "`FASTCGI_SOCKET` alone",
     .text = "The workers that nginx passes requests to, where they are on other hosts or on several: each "
             "host's "
             "`FASTCGI_LISTEN`.",
     .more =
         "What was never sent to a host goes on to another, so do reads; a write that was sent never does."
         " [Workers on other hosts](SCALING.md#workers-on-other-hosts).",
     .example = "10.0.0.2:9000,10.0.0.3:9000"},
    {.name = "FRONTEND_UPSTREAM",
     .group = nginx,
     .form = text(&Config::frontend_upstream, {{"`host:port` or `unix:/path`", wrong_in_upstream}}),
     .default_in_words = "none, nginx has a page of its own at `/`",
     .text = "Where the web app's Next.js server listens. `scripts/up` starts one and sets this by itself.",
     .more = "It gets `/api/auth/` and every page; without it `/api/auth/` is 404. Private to this host or "
             "network:"
             " nginx tells it who asks."},
    {.name = "FRONTEND_ROOT",
     .group = nginx,
     .form = text(&Config::frontend_root, {kPath}),
     .default_in_words = "none, the web app serves that itself",
     .text = "The folder whose `_next/static/` nginx serves from disk.",
     .more = "Browsers keep these files for ever."},
};

}  // namespace

std::span<const Setting> settings_of_nginx() {
  return kSettings;
}

}  // namespace tasklane
