#include "supervisor/generation_files.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/handed_values.h"

namespace tasklane {

std::expected<GenerationFiles, std::string> freeze(const Reading& reading) {
  Descriptor keys(::memfd_create("tasklane-keys", MFD_CLOEXEC));
  if (!keys) return std::unexpected(std::string("memfd_create: ") + std::strerror(errno));
  try {
    return GenerationFiles{reading.adjustable, hand_values(reading.values), std::move(keys)};
  } catch (const std::system_error& error) {
    return std::unexpected(error.what());
  }
}

}  // namespace tasklane
