#include "base/settings.h"

#include <algorithm>
#include <iterator>

#include "base/limits.h"
#include "base/setting_forms.h"
#include "base/setting_rules.h"
#include "base/settings_of_nginx.h"

namespace tasklane {

namespace {

constexpr TextRule kUrl{"`postgresql://USER:PASSWORD@HOST/DATABASE`", wrong_in_database_url};
constexpr TextRule kPath{"an absolute path", wrong_in_path};

using enum SettingGroup;

const Setting kSettings[] = {
    // Postgres
    {.name = "DATABASE_URL",
     .group = postgres,
     .form = text(&Config::database_url, {kUrl}),
     .secret = true,
     .required = "give postgresql://user:password@host/database",
     .text = "The database, with the role that the workers use. Percent-encode special characters of the"
             " password: `@` is `%40`, `/` is `%2F`. `scripts/up` makes a private database without it;"
             " everything else needs it.",
     .more = "The role is `tasklane_api` ([data model](data-model.md)). Parameters are libpq's."
             " `connect_timeout` (10 s without it; 2 s to 60 s, 0 counts as 60) is each address' own: with "
             "several"
             " hosts, `connect_timeout=2` leaves one that does not answer soon.",
     .example = "postgresql://tasklane_api:PASSWORD@db.example.com/tasks?sslmode=verify-full"
                "&sslrootcert=/etc/ssl/certs/ca-certificates.crt"},
    {.name = "DATABASE_URL_DIRECT",
     .group = postgres,
     .form = text(&Config::database_url_direct, {kUrl}),
     .default_in_words = "as `DATABASE_URL`",
     .secret = true,
     .text = "The same database as the tables' owner and past any pooler: for `tasklane migrate`.",
     .more = "`tasklane check --db` reads the schema's version with it, too."},
    {.name = "DATABASE_CONNECTIONS",
     .group = postgres,
     .form = whole(&Config::database_connections, 1, 4),
     .default_value = "2",
     .text = "Connections to Postgres per worker. Two serve a local database, four a distant one (10 ms and "
             "more).",
     .more = "All of them: workers × (this + 1), since a worker makes one more for long reads when the first "
             "of them comes. "
             "Each carries a batch of statements at a time."},

    // Tokens
    {.name = "BETTER_AUTH_SECRET",
     .group = tokens,
     .form =
         text(&Config::better_auth_secret, {{"at least 32 bytes, not published anywhere", wrong_in_secret}}),
     .default_in_words = "none",
     .secret = true,
     .text =
         "Better Auth's secret: HS256 tokens signed with it are accepted. Leave it unset when all tokens come"
         " from Better Auth's jwt plugin, since it also decrypts that plugin's private keys.",
     .more = "Its bytes are used as they are.",
     .example = "openssl rand -base64 32"},
    {.name = "BETTER_AUTH_SECRETS",
     .group = tokens,
     .form = secret_versions(&Config::better_auth_secrets),
     .default_in_words = "none",
     .secret = true,
     .text =
         "Versions of that secret, with which it changes without a refused request: HS256 tokens signed with"
         " any of them are accepted. Beside them `BETTER_AUTH_SECRET` is the oldest one.",
     .more =
         "Each version is judged as `BETTER_AUTH_SECRET` is. [How to change secrets](operations/secrets.md).",
     .example = "2:NEW,1:OLD"},
    {.name = "AUTH_JWKS",
     .group = tokens,
     .form = key_source(),
     .default_in_words = "`database` without a secret, otherwise none",
     .text = "Where public keys come from: `database` is the jwt plugin's table, a path names a JWKS file,"
             " which is read again when it changes.",
     .more =
         "The table is read through the view `tasklane_public_keys`. Beside a secret, both kinds of tokens"
         " are accepted."},
    {.name = "AUTH_JWKS_TABLE",
     .group = tokens,
     .form = text(&Config::jwks_table, {{"a table's name or `SCHEMA.TABLE`", wrong_in_table}}),
     .default_value = "jwks",
     .text = "The table of the jwt plugin's keys, where it is not called `jwks`: `jwkss` with Better Auth's"
             " `usePlural`, or its `schema.jwks.modelName`. Written exactly as the database has it.",
     .more =
         "Without a schema it is looked for in the owner's ([data "
         "model](data-model.md#tasklane_public_keys))."
         " `tasklane check --db` names a table that looks like it. Only public keys can be read from it."},
    {.name = "AUTH_RSA_ALGORITHM",
     .group = tokens,
     .form = choice(&Config::rsa_algorithm, {{"RS256", "RS256"}, {"PS256", "PS256"}}),
     .default_value = "RS256",
     .text = "The algorithm of RSA keys that do not name one."},
    {.name = "AUTH_ISSUER",
     .group = tokens,
     .form = text(&Config::issuer),
     .default_in_words = "not checked",
     .text = "What a token's `iss` must be. Better Auth sets it to the origin of its `baseURL`, such as"
             " `https://app.example.com`. Set it whenever your tokens have it.",
     .more =
         "It keeps out tokens made for something else. Of a URL, the case of scheme and host, the scheme's"
         " own port and one slash at the end do not count; all else does, paths too."},
    {.name = "AUTH_AUDIENCE",
     .group = tokens,
     .form = text(&Config::audience),
     .default_in_words = "not checked",
     .text = "What a token's `aud` must be or contain. Better Auth sets it to the same origin.",
     .more = "Compared as `AUTH_ISSUER` is."},
    {.name = "AUTH_LEEWAY_SECONDS",
     .group = tokens,
     .form = whole(&Config::leeway, 0, 300),
     .default_value = "30",
     .text = "How far clocks may differ, in seconds."},
    {.name = "TOKEN_CACHE_ENTRIES",
     .group = tokens,
     .form = whole(&Config::token_cache_entries, 0, 1'000'000),
     .default_value = "16384",
     .text = "Verified tokens that each worker remembers, a few hundred bytes each.",
     .more = "None is remembered past its expiry or a change of keys."},

    // Workers
    {.name = "INSTANCE",
     .group = workers,
     .form = text(&Config::instance, {{"letters in lower case, digits, single hyphens between them, at most"
                                       " 32",
                                       wrong_in_instance}}),
     .default_value = "tasklane",
     .text = "The name of one of several Tasklanes on a host, such as `staging`.",
     .more = "It is in the socket's default path, in nginx's site file and in every name there. [Several on"
             " one host](operations/instances.md)."},
    {.name = "FASTCGI_SOCKET",
     .group = workers,
     .form = text(&Config::socket_path, {kPath, {"at most 99 bytes", wrong_in_socket_length}}),
     .default_value = "/run/tasklane/tasklane.sock",
     .text =
         "The unix socket between nginx and the workers. By default that of another `INSTANCE` is in a folder"
         " of its name.",
     .more =
         "Beside it the master makes `FASTCGI_SOCKET.control`, for `tasklane reload`, `upgrade` and `status`;"
         " only its own user can connect there. A reload cannot change it."},
    {.name = "FASTCGI_SOCKET_GROUP",
     .group = workers,
     .form = text(&Config::socket_group),
     .default_in_words = "the master's own",
     .text = "The socket's group: nginx's, so that nobody else can speak to the workers."},
    {.name = "FASTCGI_SOCKET_MODE",
     .group = workers,
     .form = file_mode(&Config::socket_mode, 0777),
     .default_value = "0660",
     .text = "The socket's mode."},
    {.name = "FASTCGI_LISTEN",
     .group = workers,
     .form = text(&Config::fastcgi_listen, {{"`ADDRESS:PORT`, IPv6 in brackets", wrong_in_fastcgi_listen}}),
     .default_in_words = "none",
     .text =
         "Where the workers listen by TCP as well, for the nginx of other hosts. Tokens and tasks cross that"
         " network in clear.",
     .more =
         "`/metrics`, `/status` and the details of `/readyz` are not answered there. A reload cannot change"
         " it. [How to tunnel it](SCALING.md#workers-on-other-hosts).",
     .example = "10.0.0.2:9000"},
    {.name = "FASTCGI_ALLOW",
     .group = workers,
     .form = list(&Config::fastcgi_allow, "addresses or networks, comma separated", is_bounded_network,
                  "entry {} must be an address or a network (CIDR, not /0)"),
     .default_in_words = "loopback alone",
     .text =
         "Who may connect to `FASTCGI_LISTEN`; any other connection is closed before anything is read. Needed"
         " unless that is a loopback address.",
     .example = "10.0.0.1"},
    {.name = "STATE_FOLDER",
     .group = workers,
     .form = text(&Config::state_folder, {kPath}),
     .default_in_words = "`/var/lib/tasklane`",
     .text = "Where `tasklane maintenance` and `tasklane read-only` keep what is on, for nginx and the "
             "workers, who must be able to"
             " read it. By default that of another `INSTANCE` is in a folder of its name."},
    {.name = "WORKERS",
     .group = workers,
     .form = whole(&Config::workers, 1, limits::kWorkersMax),
     .default_in_words = "one per processor",
     .text = "Worker processes.",
     .more = "The processors are those of the affinity mask, or as many as the control group's CPU quota (v1 "
             "or v2)"
             " pays for, rounded up."},
    {.name = "WORKER_CPU_AFFINITY",
     .group = workers,
     .form = choice(&Config::worker_cpu_affinity, {{"auto", true}, {"off", false}}),
     .default_value = "auto",
     .text = "With at least one worker for each processor, `auto` binds each to one; `off`: the kernel "
             "places them.",
     .more = "A new worker goes to the processor that has the fewest."},
    {.name = "REQUESTS_IN_FLIGHT_MAX",
     .group = workers,
     .form = whole(&Config::requests_in_flight_max, 1, 8'192),
     .default_value = "2048",
     .text = "Requests that a worker holds at once; past that it answers 503 with `Retry-After`."},
    {.name = "DRAIN_TIMEOUT_SECONDS",
     .group = workers,
     .form = whole(&Config::drain_timeout, 1, 3'600),
     .default_value = "30",
     .text =
         "How long stopping and reloading wait for requests to end, in seconds; then workers are killed."},
    {.name = "DRAIN_DELAY_SECONDS",
     .group = workers,
     .form = whole(&Config::drain_delay, 0, 3'600),
     .default_value = "0",
     .text =
         "How long `/readyz` says 503 before a stop begins, in seconds, so that a load balancer turns away "
         "first.",
     .more =
         "More than the balancer takes to notice. `tasklane drain` begins it; a second signal cuts it short"
         " ([how a host leaves](operations/master.md#a-host-leaves))."},
    {.name = "USER_RATE_LIMIT_PER_SECOND",
     .group = workers,
     .form = whole(&Config::user_rate_limit_per_second, 0, 100'000),
     .default_value = "0",
     .text =
         "API requests per second and user, whatever addresses they come from; past that 429. 0: no limit.",
     .more = "Over all workers of this host; twice as many may come at once ([how it"
             " counts](operations/seeing.md#overload))."},
    {.name = "WORKER_REQUESTS_MAX",
     .group = workers,
     .form = whole(&Config::worker_requests_max, 0, 1'000'000'000'000),
     .default_value = "0",
     .text = "A worker that has answered so many requests retires: its successor gets ready first, then it "
             "drains."
             " 0: never."},
    {.name = "WORKER_RSS_MAX",
     .group = workers,
     .form = whole(&Config::worker_rss_max_mib, 0, 1'048'576),
     .default_value = "0",
     .text = "A worker whose resident memory has grown to so many MiB retires in the same way. 0: never."},
    {.name = "SLOW_REQUEST_MS",
     .group = workers,
     .form = whole(&Config::slow_request, 0, 60'000),
     .default_value = "1000",
     .text = "A request that takes so many milliseconds gets a line in the log with its phases. 0: every "
             "request.",
     .more =
         "[What the phases mean](operations/seeing.md#a-slow-request). Use 0 for a look at a few. Above 8000,"
         " the longest a request can take, there is no line."},
    {.name = "LOG_LEVEL",
     .group = workers,
     .form = choice(&Config::log_level, {{"debug", LogLevel::debug},
                                         {"info", LogLevel::info},
                                         {"warning", LogLevel::warning},
                                         {"error", LogLevel::error}}),
     .default_value = "info",
     .text = "The least important lines that the log has."},
    {.name = "LOG_FORMAT",
     .group = workers,
     .form = choice(&Config::log_format,
                    {{"auto", LogFormat::automatic}, {"json", LogFormat::json}, {"text", LogFormat::text}}),
     .default_value = "auto",
     .text = "The form of the log's lines; `auto` is text when stderr is a terminal, otherwise JSON."},
};

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> kAll = [] {
    std::vector<Setting> all(std::begin(kSettings), std::end(kSettings));
    std::ranges::copy(settings_of_nginx(), std::back_inserter(all));
    return all;
  }();
  return kAll;
}

}  // namespace tasklane
