#pragma once
// Reads a small file that holds secrets. Refuses one that others can read or write (mode & 0007), that is no
// regular file or that is larger than the given bound; the refusal never quotes the content.

#include <cstddef>
#include <expected>
#include <string>

namespace tasklane {

struct PrivateFileError {
  bool missing;          // there is no file of that name
  std::string sentence;  // "has mode 0644: …", without the path
};

std::expected<std::string, PrivateFileError> read_private_file(const std::string& path,
                                                               std::size_t bytes_max);

}  // namespace tasklane
