#include "cli/nginx_command.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/exit_codes.h"
#include "cli/nginx_site.h"

namespace tasklane {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".template";

constexpr std::array kOptions = {
    Option{"out", "DIR", "write the configuration there"},
    Option{"alone", "", "nginx serves nothing else: a whole nginx.conf, too"},
    Option{"logs", "DIR", "nginx's logs (default: /var/log/nginx; with --alone: log, below nginx's prefix)"},
    Option{"templates", "DIR", "the templates (default: those installed with this command)"},
    Option{"docs", "DIR", "the folder of openapi.yaml and reference/ (default: the installed one)"},
    kEnvFileOption};

constexpr CommandLine kLine = {
    .usage =
        "tasklane nginx-config --out DIR [--alone] [--logs DIR] [--templates DIR] [--docs DIR]"
        " [--env-file FILE]",
    .about =
        "Renders nginx's configuration from the templates and the configuration in force: one site file,\n"
        "tasklane.conf or tasklane-INSTANCE.conf, to be linked from /etc/nginx/sites-enabled. It takes "
        "nothing\n"
        "over from other sites and changes nothing of theirs. With --alone nginx.conf stands for itself.",
    .options = kOptions};

// What the nginx of this host says of its version; empty when there is none.
std::string nginx_version() {
  const auto close = [](std::FILE* file) { ::pclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> output(
      ::popen("PATH=\"$PATH:/usr/sbin\" nginx -v 2>&1", "r"));
  std::array<char, 256> line{};
  if (!output || std::fgets(line.data(), static_cast<int>(line.size()), output.get()) == nullptr) return {};
  return line.data();
}

bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

TemplateSource templates_in(const fs::path& folder) {
  return [folder](const std::string& name) -> std::expected<std::string, std::string> {
    const fs::path path = folder / (name + std::string(kSuffix));
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in) return std::unexpected(fmt::format("cannot read {}", path.string()));
    return text;
  };
}

int write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  return out ? kExitOk : refuse(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
}

}  // namespace

int nginx_config_command(Arguments arguments) {
  const auto options = read_options(kLine, arguments);
  if (!options) return options.error();
  if (!options->has("out")) {
    fmt::print(stderr, "tasklane: --out is needed: where does the configuration go?\nUsage: {}\n",
               kLine.usage);
    return kExitUsage;
  }
  const auto config = read_command_config(*options, false);  // a host of nginx alone knows no database
  if (!config) return config.error();

  const bool alone = options->has("alone");
  const fs::path out = fs::absolute(options->value("out")).lexically_normal();
  const fs::path templates = fs::absolute(options->value("templates", share_folder("nginx")));
  const fs::path docs = fs::absolute(options->value("docs", share_folder("docs")));
  std::error_code error;
  fs::create_directories(out, error);
  if (error) return refuse(fmt::format("cannot make {}: {}", out.string(), error.message()));
  if (!fs::is_directory(templates))
    return refuse(fmt::format("there are no templates in {}", templates.string()));

  const auto values =
      template_values(*config, {.alone = alone,
                                .ipv6 = has_ipv6(),
                                .log_folder = options->value("logs", alone ? "log" : "/var/log/nginx"),
                                .configuration_folder = out.string(),
                                .docs_folder = docs.string(),
                                .www_folder = (templates / "www").string(),
                                .http2_directive = has_http2_directive(nginx_version())});
  if (!values) return refuse(values.error());
  const TemplateSource source = templates_in(templates);
  const auto site = render_site("tasklane.conf", config->instance, *values, source);
  if (!site) return refuse(site.error());
  const auto whole = alone ? source("nginx.conf") : std::string();
  const auto rendered = whole ? render_template(*whole, *values) : whole;
  if (!rendered) return refuse(rendered.error());
  const int status = write_file(out / (site_name(config->instance) + ".conf"), *site);
  return status == kExitOk && alone ? write_file(out / "nginx.conf", *rendered) : status;
}

}  // namespace tasklane
