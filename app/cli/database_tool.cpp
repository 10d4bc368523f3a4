#include "cli/database_tool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/limits.h"
#include "base/text.h"
#include "cli/command.h"
#include "postgres/libpq_connection.h"

namespace tasklane {

namespace {

// Of the child; above what a shell script between us and the program may use itself.
constexpr int kPasswordFd = 8;
constexpr int kListFd = 9;

void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// A value between single quotes, as libpq's connection strings have it.
std::string in_quotes(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + '\'';
}

bool names(std::string_view assignment, std::string_view variable) {
  return assignment.starts_with(variable) && assignment.substr(variable.size()).starts_with('=');
}

// This process's environment; with a password file, without what would win over it.
std::vector<std::string> environment_for(bool with_password) {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    if (with_password && (names(*each, "PGPASSWORD") || names(*each, "PGPASSFILE"))) continue;
    variables.emplace_back(*each);
  }
  if (with_password) variables.push_back(fmt::format("PGPASSFILE=/proc/self/fd/{}", kPasswordFd));
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 65'536> piece{};
  while (true) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

bool wait_for_success(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

Descriptor memory_file(const std::string& content) {
  Descriptor file(::memfd_create("tasklane", MFD_CLOEXEC));
  if (!file || ::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) throw_errno("a file in memory");
  if (::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    throw_errno("a file in memory");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string password_line(const std::string& password) {
  std::string line = "*:*:*:*:";
  for (const char c : password) {
    if (c == ':' || c == '\\') line += '\\';
    line += c;
  }
  return line + '\n';
}

std::expected<std::string, std::string> without_password(const std::string& url) {
  const auto keywords = parse_connection_url(url);
  if (!keywords) return std::unexpected("the database's URL is malformed");
  std::string text;
  for (const auto& [name, value] : *keywords) {
    if (name == "sslpassword")
      return std::unexpected("the database's URL has sslpassword, which cannot be handed on in secret");
    if (name != "password") text += fmt::format("{}={} ", name, in_quotes(value));
  }
  if (value_of(*keywords, "connect_timeout").empty())
    text += fmt::format("connect_timeout={} ", limits::kConnectTimeout.count());
  if (!text.empty()) text.pop_back();
  return text;
}

std::expected<ToolEnd, std::string> run_tool(const ToolRun& run) {
  std::vector<std::string> command = run.command;
  std::string password;
  if (!run.url.empty()) {
    const auto target = without_password(run.url);
    if (!target) return std::unexpected(target.error());
    password = value_of(parse_connection_url(run.url).value(), "password");
    command.insert(command.begin() + 1, {"--no-password", "--dbname=" + *target});
  }
  if (!run.list.empty())
    command.insert(command.begin() + 1, fmt::format("--use-list=/proc/self/fd/{}", kListFd));
  std::vector<std::string> variables = environment_for(!password.empty());
  std::array<int, 2> ends = {-1, -1};
  if (run.output < 0 && ::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("a pipe");
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  std::vector<Descriptor> files;
  const auto hand = [&](const std::string& content, int number) {
    // Above all numbers that the child is given, so that none replaces another.
    files.emplace_back(::fcntl(memory_file(content).get(), F_DUPFD_CLOEXEC, kListFd + 1));
    ::posix_spawn_file_actions_adddup2(&actions, files.back().get(), number);
  };
  if (!password.empty()) hand(password_line(password), kPasswordFd);
  if (!run.list.empty()) hand(run.list, kListFd);
  if (!run.input.empty()) hand(run.input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, run.output < 0 ? ends[1] : run.output, STDOUT_FILENO);
  pid_t pid = 0;
  const int failure = ::posix_spawnp(&pid, command[0].c_str(), &actions, nullptr, pointers_to(command).data(),
                                     pointers_to(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return std::unexpected(fmt::format("{}: {}", command[0], std::strerror(failure)));
  write_end.reset();
  ToolEnd end;
  if (read_end) end.output = read_all(read_end.get());
  end.succeeded = wait_for_success(pid);
  return end;
}

// "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
std::expected<int, std::string> tool_version(const std::string& name) {
  const auto end = run_tool({.command = {name, "--version"}});
  constexpr std::string_view kBefore = "(PostgreSQL) ";
  std::string_view text = end ? end->output : std::string_view();
  const auto at = text.find(kBefore);
  if (at != std::string_view::npos) {
    text.remove_prefix(at + kBefore.size());
    if (const auto major = take_number<int>(text)) return *major;
  }
  return std::unexpected(fmt::format(
      "{} cannot be run: install postgresql-client, of the server's major version or newer", name));
}

int refuse(const DatabaseError& error) {
  return refuse(error.sentence, error.kind == DatabaseError::Kind::temporary ? kExitTemporary : kExitFailure);
}

}  // namespace tasklane
