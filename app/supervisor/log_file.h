#pragma once
// The file that stderr goes to, if it is one: a reload opens it anew, so that a rotated log needs no
// copytruncate. Its path is the one at the start, since the kernel tells the new name of a file that was
// moved away.

#include <string>

namespace tasklane {

class LogFile {
 public:
  explicit LogFile(int fd);

  // Opens the path again when the open file was moved away, and creates the file if it is missing. Returns
  // why that failed, and leaves the descriptor as it was; empty: done, or nothing to do.
  std::string reopen() const;

 private:
  int fd_;
  std::string path_;  // empty: no regular file
};

}  // namespace tasklane
