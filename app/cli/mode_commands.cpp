#include "cli/mode_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/exit_codes.h"
#include "base/limits.h"
#include "base/state_files.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/installed_site.h"
#include "cli/nginx_template.h"
#include "http/problem.h"
#include "json/json_writer.h"

namespace tasklane {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUsualMessage =
    "Tasklane is being worked on. Your tasks are safe; try again later.";
constexpr std::string_view kPlace = "MESSAGE";  // in the page

constexpr std::array kMaintenanceOptions = {
    Option{"message", "TEXT", "what clients and people are told"},
    Option{"templates", "DIR",
           "nginx's templates, for the page (default: those installed with this command)"},
    kEnvFileOption};

constexpr CommandLine kMaintenanceLine = {
    .usage = "tasklane maintenance on|off [--message TEXT] [--templates DIR] [--env-file FILE]",
    .about =
        "While it is on, nginx answers 503 to everybody but the addresses in OPERATIONS_ALLOW: to the API as "
        "JSON\n"
        "(error_type maintenance), else as a page. /healthz and /readyz go on. It counts when the command "
        "returns, and outlives restarts.",
    .options = kMaintenanceOptions};

constexpr std::array kReadOnlyOptions = {kEnvFileOption};

constexpr CommandLine kReadOnlyLine = {.usage = "tasklane read-only on|off [--env-file FILE]",
                                       .about =
                                           "While it is on, this host's workers serve reads and answer "
                                           "writes with 503 (error_type read_only). It counts\n"
                                           "at once and outlives restarts. /readyz and `tasklane check --db` "
                                           "tell it. The web app's own writes go on.",
                                       .options = kReadOnlyOptions};

// Whole or not at all, for everybody to read. Empty: done.
std::string write_whole(const std::string& path, const std::string& text) {
  const std::string partial = path + ".partial";
  std::ofstream out(partial, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  out.close();
  std::error_code error;
  if (out) fs::permissions(partial, static_cast<fs::perms>(0644), error);
  if (out && !error) fs::rename(partial, path, error);
  if (out && !error) return {};
  return fmt::format("cannot write {}: {}", path, error ? error.message() : std::strerror(errno));
}

// Empty: done.
std::string make_folder(const std::string& folder) {
  std::error_code error;
  if (fs::create_directories(folder, error)) fs::permissions(folder, static_cast<fs::perms>(0755), error);
  return error ? fmt::format("cannot make {}: {}", folder, error.message()) : "";
}

std::string remove_files(std::initializer_list<std::string> paths) {
  for (const std::string& path : paths) {
    std::error_code error;
    fs::remove(path, error);
    if (error) return fmt::format("cannot remove {}: {}", path, error.message());
  }
  return {};
}

struct Switch {
  bool on;
  Options options;
  std::string folder, instance;
};

std::expected<Switch, int> read_switch(const CommandLine& line, Arguments arguments) {
  auto read = read_word_and_options(line, arguments);
  if (!read) return std::unexpected(read.error());
  if (read->word != "on" && read->word != "off") {
    fmt::print(stderr, "tasklane: on or off?\nUsage: {}\n", line.usage);
    return std::unexpected(kExitUsage);
  }
  const auto config = read_command_config(read->options, false);
  if (!config) return std::unexpected(config.error());
  return Switch{.on = read->word == "on",
                .options = std::move(read->options),
                .folder = config->state_folder,
                .instance = config->instance};
}

// What is on, or why it is not: the file alone closes nothing.
int tell_maintenance(const Switch& asked, const std::string& flag, const std::string& message) {
  const auto site = find_installed_site(kNginxFolder, asked.instance, asked.folder);
  if (site && !site->looks_for_maintenance) {
    const std::string file = asked.options.value("env-file");
    return refuse(fmt::format(
        "maintenance is not on yet: nginx does not look for {}. An older version or another STATE_FOLDER "
        "rendered\n{}. Render it again, and it counts:\n"
        "  tasklane nginx-config --out {}{} && nginx -t && systemctl reload nginx",
        flag, site->path.string(), site->path.parent_path().string(),
        file.empty() ? "" : " --env-file " + file));
  }
  fmt::print("maintenance is on: {}\n", message);
  if (!site)
    fmt::print("{0}/sites-enabled has no {1}.conf here: that nginx looks for {2} was not checked\n",
               kNginxFolder, site_name(asked.instance), flag);
  return kExitOk;
}

void wait_for_nginx() {
  std::this_thread::sleep_for(limits::kMaintenanceLook);
}

std::string read_page(const std::string& templates) {
  std::ifstream in(templates + "/www/maintenance.html", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::expected<std::string, std::string> maintenance_problem(std::string_view message) {
  const auto length = count_code_points(message);
  const bool control =
      std::ranges::any_of(message, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  if (!length || control) return std::unexpected("--message must be one line of UTF-8");
  if (*length < 1 || *length > limits::kMaintenanceMessageMaxCodePoints)
    return std::unexpected(
        fmt::format("--message must have 1 to {} characters", limits::kMaintenanceMessageMaxCodePoints));
  JsonWriter json;
  json.begin_object();
  json.member("detail", message);
  json.member("message", message);
  json.member("status_code", status_number(ErrorType::read_only));  // of both modes
  json.member("error_type", "maintenance");
  json.member("request_id", "REQUEST-ID");
  json.end_object();
  return json.take();
}

int maintenance_command(Arguments arguments) {
  const auto asked = read_switch(kMaintenanceLine, arguments);
  if (!asked) return asked.error();
  const std::string flag = asked->folder + kMaintenanceFile, page = asked->folder + kMaintenancePage;
  if (!asked->on) {
    if (const std::string wrong = remove_files({flag, page}); !wrong.empty()) return refuse(wrong);
    wait_for_nginx();
    fmt::print("maintenance is off\n");
    return kExitOk;
  }
  const std::string message = asked->options.value("message", kUsualMessage);
  const auto problem = maintenance_problem(message);
  if (!problem) return refuse(problem.error(), kExitUsage);
  const std::string templates = asked->options.value("templates", share_folder("nginx"));
  std::string html = read_page(templates);
  const auto place = html.find(kPlace);
  if (place == std::string::npos)
    return refuse(fmt::format("there is no page {}/www/maintenance.html", templates));
  html.replace(place, kPlace.size(), html_text(message));
  if (const std::string wrong = make_folder(asked->folder); !wrong.empty()) return refuse(wrong);
  // The one that counts comes last.
  for (const auto& [path, text] : {std::pair(page, html), std::pair(flag, *problem)}) {
    if (const std::string wrong = write_whole(path, text); !wrong.empty()) return refuse(wrong);
  }
  wait_for_nginx();
  return tell_maintenance(*asked, flag, message);
}

int read_only_command(Arguments arguments) {
  const auto asked = read_switch(kReadOnlyLine, arguments);
  if (!asked) return asked.error();
  const std::string flag = asked->folder + kReadOnlyFile;
  std::string wrong = asked->on ? make_folder(asked->folder) : remove_files({flag});
  if (asked->on && wrong.empty()) wrong = write_whole(flag, "tasklane read-only off\n");
  if (!wrong.empty()) return refuse(wrong);
  fmt::print("read-only is {}\n", asked->on ? "on: writes are answered 503" : "off");
  return kExitOk;
}

}  // namespace tasklane
