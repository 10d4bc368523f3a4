#include "supervisor/pid_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "base/descriptors.h"

namespace tasklane {

std::expected<PidFile, std::string> PidFile::write(const std::string& path) {
  const auto refuse = [&](std::string_view call) {
    return std::unexpected(fmt::format("{}: {}: {}", path, call, std::strerror(errno)));
  };
  const std::string text = fmt::format("{}\n", ::getpid());
  const std::string beside = fmt::format("{}.{}", path, ::getpid());
  ::unlink(beside.c_str());  // a dead namesake's
  const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return refuse("open");
  const bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (written && ::rename(beside.c_str(), path.c_str()) == 0) return PidFile(path);
  const auto refusal = refuse(written ? "rename" : "write");
  ::unlink(beside.c_str());
  return refusal;
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

PidFile::~PidFile() {
  if (path_.empty()) return;
  std::ifstream file(path_);
  pid_t owner = 0;
  if (file >> owner && owner == ::getpid()) ::unlink(path_.c_str());
}

}  // namespace tasklane
