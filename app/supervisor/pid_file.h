#pragma once
// The file that holds the master's process id, for scripts and service managers. It appears whole (written
// beside its place and renamed into it) and is removed by its owner, if it still holds the owner's id.

#include <expected>
#include <string>

namespace tasklane {

class PidFile {
 public:
  // Or a sentence that names the path.
  static std::expected<PidFile, std::string> write(const std::string& path);

  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();

 private:
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  std::string path_;  // empty: moved from
};

}  // namespace tasklane
