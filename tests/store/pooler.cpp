#include "pooler.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <pqxx/except>
#include <stdexcept>
#include <thread>

namespace tasklane {

namespace {

constexpr const char* kPgBouncer = "/usr/sbin/pgbouncer";

std::string version() {
  std::string text(64, '\0');
  FILE* pipe = ::popen((std::string(kPgBouncer) + " --version").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  text.resize(::fread(text.data(), 1, text.size(), pipe));
  if (::pclose(pipe) != 0) throw std::runtime_error("there is no pgbouncer: scripts/install-packages");
  return text;
}

}  // namespace

Pooler::Pooler(const FreshDatabase& database) {
  const bool knows_prepared = !version().starts_with("PgBouncer 1.1");
  std::string pattern = (std::filesystem::temp_directory_path() / "tasklane-pooler.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  folder_ = pattern;
  const std::string server = database.url().substr(database.url().find("host=") + 5);
  std::ofstream(folder_ + "/users") << "\"tasklane_api\" \"\"\n";
  std::ofstream(folder_ + "/ini") << "[databases]\n* = host=" << server
                                  << "\n[pgbouncer]\nunix_socket_dir = " << folder_
                                  << "\nlisten_addr =\nlisten_port = 6432\nauth_type = trust\n"
                                  << "auth_file = " << folder_ << "/users\nlogfile = " << folder_ << "/log\n"
                                  << "pool_mode = transaction\ndefault_pool_size = 2\n"
                                  << (knows_prepared ? "max_prepared_statements = 0\n" : "");
  if (const passwd* user = ::getpwnam("postgres"); ::geteuid() == 0 && user != nullptr) {
    if (::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown failed");
  }
  url_ = fmt::format("postgresql://tasklane_api@/{}?host={}&port=6432", database.name(), folder_);
  start();
}

Pooler::~Pooler() {
  stop();
  std::filesystem::remove_all(folder_);
}

void Pooler::start() {
  const std::string ini = folder_ + "/ini";
  process_ = ::fork();
  if (process_ == 0) {
    if (::geteuid() != 0) ::execl(kPgBouncer, "pgbouncer", "-q", ini.c_str(), nullptr);
    // It refuses root.
    ::execl("/usr/bin/setpriv", "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
            "--pdeathsig=KILL", kPgBouncer, "-q", ini.c_str(), nullptr);
    ::_exit(127);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (true) {
    try {
      pqxx::connection probe(url_);
      return;
    } catch (const pqxx::failure& error) {
      if (std::chrono::steady_clock::now() > give_up) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

void Pooler::stop() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);  // from 1.23 on SIGTERM waits for its clients to go
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

}  // namespace tasklane
