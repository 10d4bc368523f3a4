#include "cli/audit.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "json/json_writer.h"

namespace tasklane {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The person behind sudo, else this process's user.
std::string operator_name() {
  if (std::string name = variable("SUDO_USER"); !name.empty()) return name;
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::getuid());
}

// "203.0.113.7 50022 192.0.2.1 22": the client comes first (ssh(1)).
std::string origin() {
  const std::string connection = variable("SSH_CONNECTION");
  return connection.empty() ? "local" : connection.substr(0, connection.find(' '));
}

std::string now() {
  const auto time = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto milliseconds = time.time_since_epoch().count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     milliseconds);
}

}  // namespace

std::string audit_line(std::string_view event, std::string_view user,
                       std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
  JsonWriter json;
  json.begin_object();
  json.member("time", now());
  json.member("audit", event);
  json.member("user", user);
  json.member("by", operator_name());
  json.member("from", origin());
  for (const auto& [name, value] : more) json.member(name, value);
  json.end_object();
  return json.take();
}

void audit(std::string_view event, std::string_view user,
           std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
  const std::string line = audit_line(event, user, more);
  struct stat log {};
  if (::stat("/dev/log", &log) == 0 && S_ISSOCK(log.st_mode)) {
    ::openlog("tasklane-audit", LOG_NDELAY, LOG_AUTHPRIV);
    ::syslog(LOG_NOTICE, "%s", line.c_str());
    ::closelog();
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

}  // namespace tasklane
