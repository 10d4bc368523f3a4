#pragma once
// The file that stderr goes to, if it is one: a reload opens it anew, so that a rotated log needs no
// copytruncate. Its path is the one at the start, since the kernel tells the new name of a file that was
// moved away.

#include <string>

namespace tasklane {

class LogFile {
 public:
  explicit LogFile(int fd);

  // Puts the file of that path in place of one that was moved away, and makes it if it is not there. Empty:
  // done, or nothing was to be done. Else why not: the descriptor stays as it was.
  std::string reopen() const;

 private:
  int fd_;
  std::string path_;  // empty: no regular file
};

}  // namespace tasklane
