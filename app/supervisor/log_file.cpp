#include "supervisor/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/descriptors.h"

namespace tasklane {

namespace {

constexpr mode_t kPermissions = 0777;

bool same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

LogFile::LogFile(int fd) : fd_(fd) {
  struct stat open {};
  struct stat named {};
  std::error_code error;
  const auto path = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), error);
  // The kernel names a deleted file "PATH (deleted)".
  if (!error && ::fstat(fd, &open) == 0 && S_ISREG(open.st_mode) && ::stat(path.c_str(), &named) == 0 &&
      same(open, named))
    path_ = path;
}

std::string LogFile::reopen() const {
  struct stat open {};
  struct stat named {};
  if (path_.empty() || ::fstat(fd_, &open) != 0) return {};
  if (::stat(path_.c_str(), &named) == 0 && same(open, named)) return {};
  const Descriptor file(
      ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, open.st_mode & kPermissions));
  if (file && ::dup2(file.get(), fd_) >= 0) return {};
  return fmt::format("{}: {}", path_, std::strerror(errno));
}

}  // namespace tasklane
