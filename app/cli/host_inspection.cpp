#include "cli/host_inspection.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <set>

#include "auth/tls_files.h"
#include "base/limits.h"
#include "base/secret_versions.h"
#include "base/setting_rules.h"
#include "base/text.h"
#include "supervisor/listen_socket.h"

namespace tasklane {

namespace {

using Level = Finding::Level;
using Findings = std::vector<Finding>;

constexpr std::size_t kDistinctBytesMin = 12;  // 32 random hexadecimal digits have 12 or more, nearly always
constexpr std::chrono::days kRenewBefore{14};  // Let's Encrypt's clients renew 30 days before the end
constexpr rlim_t kOtherDescriptorsMax = 64;    // a worker's own, besides nginx's connections

void inspect_secrets(const Config& config, Findings& findings) {
  for (const auto& [name, value] : token_secrets(config)) {
    const auto weak = weakness(value);
    if (weak.empty()) {
      findings.push_back({Level::good, fmt::format("{} is long and looks random", name)});
    } else {
      findings.push_back(
          {Level::bad, fmt::format("{} {}: a guessed secret makes tokens for any user; make one with"
                                   " openssl rand -base64 32, and give it to Better Auth, too",
                                   name, weak)});
    }
  }
}

std::string user_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

void inspect_socket_folder(const Config& config, Findings& findings) {
  const std::string folder = std::filesystem::path(config.socket_path).parent_path();
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) {
    return findings.push_back(
        {Level::bad,
         fmt::format("FASTCGI_SOCKET's folder {}: {}; make it for the user that runs tasklane-master"
                     " (systemd: RuntimeDirectory=tasklane)",
                     folder, std::strerror(errno))});
  }
  if (!S_ISDIR(status.st_mode))
    return findings.push_back({Level::bad, fmt::format("{} is no folder; correct FASTCGI_SOCKET", folder)});
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return findings.push_back(
        {Level::bad, fmt::format("{} belongs to {} and cannot be written by {}, who runs this;"
                                 " run it as the user that runs tasklane-master, or chown it",
                                 folder, user_name(status.st_uid), user_name(::geteuid()))});
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    return findings.push_back(
        {Level::warning, fmt::format("{} can be written by everybody, who could put another"
                                     " socket there; chmod o-w it",
                                     folder)});
  }
  findings.push_back({Level::good, fmt::format("{} takes the socket", folder)});
}

void inspect_names(const Config& config, Findings& findings) {
  const std::string& group = config.socket_group;
  if (!group.empty() && !parse_number<gid_t>(group) && ::getgrnam(group.c_str()) == nullptr)
    findings.push_back(
        {Level::bad, "FASTCGI_SOCKET_GROUP names no group of this host; groupadd it, or correct it"});
  const std::string user = config.nginx_user.substr(0, config.nginx_user.find(' '));
  if (!user.empty() && ::getpwnam(user.c_str()) == nullptr)
    findings.push_back({Level::bad, "NGINX_USER names no user of this host; useradd it, or correct it"});
}

void inspect_kernel(Findings& findings) {
  if (const auto backlog = kernel_backlog_max(); backlog && *backlog < limits::kListenBacklog) {
    findings.push_back(
        {Level::warning,
         fmt::format("net.core.somaxconn is {}: a burst of more requests is answered 502; sysctl -w"
                     " net.core.somaxconn={}, and put it into /etc/sysctl.d",
                     *backlog, limits::kListenBacklog)});
  } else if (backlog) {
    findings.push_back({Level::good, fmt::format("net.core.somaxconn is {}", *backlog)});
  }
  rlimit files{};
  const rlim_t needed = limits::kConnectionsPerWorkerMax + kOtherDescriptorsMax;
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  if (files.rlim_max < needed) {
    findings.push_back(
        {Level::warning, fmt::format("the hard limit of open files is {}, a worker may want {}; raise it"
                                     " (systemd: LimitNOFILE=16384; else ulimit -Hn)",
                                     files.rlim_max, needed)});
  } else {
    findings.push_back({Level::good, "the limit of open files is high enough"});
  }
}

void tell_expiry(std::chrono::seconds valid_for, Findings& findings) {
  const auto days = std::chrono::floor<std::chrono::days>(valid_for).count();
  if (valid_for.count() <= 0) {
    findings.push_back({Level::bad, "TLS_CERTIFICATE has expired; renew it and reload nginx"});
  } else if (valid_for < kRenewBefore) {
    findings.push_back(
        {Level::warning,
         fmt::format("TLS_CERTIFICATE expires in {} days; see why its renewal did not run", days)});
  } else {
    findings.push_back({Level::good, fmt::format("TLS_CERTIFICATE is valid for {} days", days)});
  }
}

void inspect_tls(const Config& config, Findings& findings) {
  using Fault = TlsFiles::Fault;
  const TlsFiles files = inspect_tls_files(config.tls_certificate, config.tls_certificate_key);
  const auto tell = [&](Level level, std::string sentence) {
    findings.push_back({level, std::move(sentence)});
  };
  switch (files.fault) {
    case Fault::certificate_unreadable:
      return tell(Level::bad, fmt::format("TLS_CERTIFICATE {} cannot be read; get one, or correct the path",
                                          config.tls_certificate));
    case Fault::certificate_malformed:
      return tell(Level::bad, "TLS_CERTIFICATE holds no certificate in PEM form; give the chain, leaf first");
    case Fault::key_unreadable:
      tell(Level::warning,
           fmt::format("TLS_CERTIFICATE_KEY {} cannot be read by {}; nginx's master, run by root, may be"
                       " able to: run this as root to be sure",
                       config.tls_certificate_key, user_name(::geteuid())));
      break;
    case Fault::key_malformed:
      return tell(Level::bad,
                  "TLS_CERTIFICATE_KEY holds no key in PEM form without a passphrase; nginx could not start");
    case Fault::mismatch:
      return tell(Level::bad,
                  "TLS_CERTIFICATE_KEY is not the key of TLS_CERTIFICATE; nginx would refuse both");
    case Fault::none:
      break;
  }
  tell_expiry(files.valid_for, findings);
}

}  // namespace

std::string_view weakness(std::string_view secret) {
  if (const auto known = publicly_known(secret); !known.empty()) return known;
  if (std::set<char>(secret.begin(), secret.end()).size() < kDistinctBytesMin)
    return "repeats few characters";
  return {};
}

std::vector<Finding> inspect_host(const Config& config) {
  Findings findings;
  inspect_secrets(config, findings);
  inspect_socket_folder(config, findings);
  inspect_names(config, findings);
  inspect_kernel(findings);
  if (config.tls) inspect_tls(config, findings);
  return findings;
}

}  // namespace tasklane
