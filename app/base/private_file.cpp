#include "base/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/descriptors.h"

namespace tasklane {

std::expected<std::string, PrivateFileError> read_private_file(const std::string& path,
                                                               std::size_t bytes_max) {
  const auto refuse = [](std::string why, bool missing = false) {
    return std::unexpected(PrivateFileError{.missing = missing, .sentence = std::move(why)});
  };
  // O_NONBLOCK: a FIFO in its place must not hang the start.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return refuse(std::strerror(errno), errno == ENOENT);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return refuse(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse("is not a regular file");
  if ((status.st_mode & S_IRWXO) != 0) {
    return refuse(fmt::format("has mode {:04o}: it holds secrets that others could read; chmod 600 it",
                              status.st_mode & 07777U));
  }

  std::string text(bytes_max + 1, '\0');  // one more, to see that it is too large
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + used, text.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(std::strerror(errno));
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
  }
  if (used > bytes_max) return refuse(fmt::format("is larger than {} KiB", bytes_max / 1024));
  text.resize(used);
  return text;
}

}  // namespace tasklane
