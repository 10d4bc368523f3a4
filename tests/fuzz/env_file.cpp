// The environment file, the configuration that it makes, and what of it reaches nginx: nothing there can end
// a directive or hide from a reader.

#include "base/env_file.h"
#include "base/config.h"
#include "base/secret_versions.h"
#include "cli/nginx_template.h"
#include "fuzz.h"

using namespace tasklane;
using fuzz::require;

namespace {

// Values of several lines, which the program writes by itself.
bool is_made_of_lines(std::string_view name) {
  return name == "TLS_SETTINGS" || name == "CORS_ORIGINS" || name == "OPERATIONS_ALLOW" ||
         name == "SERVER_LISTEN" || name == "REDIRECT_LISTEN" || name == "HTTP2_DIRECTIVE" ||
         name == "REAL_IP" || name == "TRUSTED_NETWORKS" || name == "OUR_HOSTS" || name == "OPERATORS" ||
         name == "FASTCGI_UPSTREAMS" || name == "FASTCGI_UPSTREAMS_BACKUP";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto values = parse_env(fuzz::text_of(data, size));
  if (!values) {
    for (const std::string& mistake : values.error())
      require(mistake.starts_with("line "), "a mistake has its line");
    return 0;
  }
  EnvValues all = {{"DATABASE_URL", "postgresql://u@h/d"}};
  for (const auto& [name, value] : *values) {
    require(!value.contains('\0'), "no value has a NUL");
    all.emplace_back(name, value);
  }
  const auto config = read_config(all);
  if (!config) {
    for (const std::string& mistake : config.error())
      require(fuzz::is_printable(mistake), "a mistake is readable");
    return 0;
  }
  require(!token_secrets(*config).empty() || config->jwks_database || config->jwks_file, "tokens have keys");
  (void)describe(*config);
  const auto rendered = template_values(*config, {.alone = true,
                                                  .ipv6 = true,
                                                  .log_folder = "/l",
                                                  .configuration_folder = "/c",
                                                  .docs_folder = "/d",
                                                  .www_folder = "/w",
                                                  .http2_directive = true});
  require(rendered.has_value(), "a configuration that is right can be rendered");
  for (const auto& [name, value] : *rendered) {
    std::string_view rest = value;
    while (!rest.empty()) {
      require(fuzz::is_printable(take_until(rest, '\n')), "nginx is given no control characters");
      require(rest.empty() || is_made_of_lines(name), "a value stays on its line");
    }
    if (name == "SERVER_NAME" || name == "OPERATIONS_LISTEN" || name == "INSTANCE" ||
        name == "FRONTEND_UPSTREAM" || name == "FASTCGI_SOCKET" || name == "PUBLIC_PORT")
      require(value.find_first_of(";{}\"'\\$#") == value.npos, "a value cannot end its directive");
  }
  return 0;
}
