#include "cli/nginx_command.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/exit_codes.h"
#include "cli/nginx_template.h"

namespace tasklane {

namespace {

constexpr std::string_view kSuffix = ".template";

constexpr std::array kOptions = {
    Option{"out", "DIR", "write the configuration there"},
    Option{"templates", "DIR", "the templates (default: those installed with this command)"},
    Option{"docs", "DIR", "the folder of openapi.yaml and reference/ (default: the installed one)"},
    kEnvFileOption};

constexpr CommandLine kLine = {
    .usage = "tasklane nginx-config --out DIR [--templates DIR] [--docs DIR] [--env-file FILE]",
    .about =
        "Renders nginx's configuration from the templates and the configuration in force. nginx.conf stands "
        "for\n"
        "itself; to join a configuration of your own, include tasklane-http.conf and tasklane-server.conf in "
        "its\n"
        "http block.",
    .options = kOptions};

int refuse(std::string_view sentence) {
  fmt::print(stderr, "tasklane: {}\n", sentence);
  return kExitFailure;
}

// What the nginx of this host says of its version; empty when there is none.
std::string nginx_version() {
  const auto close = [](std::FILE* file) { ::pclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> output(
      ::popen("PATH=\"$PATH:/usr/sbin\" nginx -v 2>&1", "r"));
  std::array<char, 256> line{};
  if (!output || std::fgets(line.data(), static_cast<int>(line.size()), output.get()) == nullptr) return {};
  return line.data();
}

int render_file(const std::filesystem::path& from, const std::filesystem::path& to,
                const TemplateValues& values) {
  std::ifstream in(from, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return refuse(fmt::format("cannot read {}", from.string()));
  const auto rendered = render_template(text, values);
  if (!rendered) return refuse(fmt::format("{}: {}", from.string(), rendered.error()));
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  out << *rendered << std::flush;
  if (!out) return refuse(fmt::format("cannot write {}: {}", to.string(), std::strerror(errno)));
  return kExitOk;
}

}  // namespace

int nginx_config_command(Arguments arguments) {
  namespace fs = std::filesystem;
  const auto options = read_options(kLine, arguments);
  if (!options) return options.error();
  if (!options->has("out")) {
    fmt::print(stderr, "tasklane: --out is needed: where does the configuration go?\nUsage: {}\n",
               kLine.usage);
    return kExitUsage;
  }
  const auto config = read_command_config(*options, false);  // a host of nginx alone knows no database
  if (!config) return config.error();

  const fs::path out = fs::absolute(options->value("out")).lexically_normal();
  const fs::path templates = fs::absolute(options->value("templates", share_folder("nginx")));
  const fs::path docs = fs::absolute(options->value("docs", share_folder("docs")));
  std::error_code error;
  fs::create_directories(out, error);
  if (error) return refuse(fmt::format("cannot make {}: {}", out.string(), error.message()));
  if (!fs::is_directory(templates))
    return refuse(fmt::format("there are no templates in {}", templates.string()));

  const auto values = template_values(*config, {.configuration_folder = out.string(),
                                                .docs_folder = docs.string(),
                                                .www_folder = (templates / "www").string(),
                                                .http2_directive = has_http2_directive(nginx_version())});
  if (!values) return refuse(values.error());
  for (const auto& entry : fs::directory_iterator(templates)) {
    if (entry.path().extension() != kSuffix) continue;
    if (const int status = render_file(entry.path(), out / entry.path().stem(), *values); status != kExitOk)
      return status;
  }
  return kExitOk;
}

}  // namespace tasklane
