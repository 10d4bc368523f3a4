#include "base/handed_values.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "base/limits.h"
#include "base/text.h"

namespace tasklane {

// NAME=value, each with a NUL behind it, which no value holds.
Descriptor hand_values(const GivenValues& values) {
  std::string text;
  for (const auto& [name, value] : values) text += name + '=' + value + '\0';
  Descriptor fd(::memfd_create("tasklane-values", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    throw std::system_error(errno, std::generic_category(), "configuration: memfd");
  return fd;
}

std::expected<GivenValues, std::string> read_handed_values(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
    return std::unexpected("the configuration was not handed over");
  if (status.st_size > static_cast<off_t>(limits::kHandedValuesMaxBytes))
    return std::unexpected("the configuration is too large");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  if (::pread(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return std::unexpected("the configuration cannot be read");
  GivenValues values;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view value = take_until(rest, '\0');
    const std::string_view name = take_until(value, '=');
    values.emplace_back(name, value);
  }
  return values;
}

}  // namespace tasklane
