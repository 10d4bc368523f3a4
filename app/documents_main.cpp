// For scripts/render-documents: writes into the documents of the project what the tables of settings and
// metrics say, and names those that were not current.

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "documents/parts.h"

namespace {

constexpr auto kThrow = std::ios::failbit | std::ios::badbit;

std::string content(const std::filesystem::path& path) {
  std::ifstream file;
  file.exceptions(kThrow);
  file.open(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file;
  file.exceptions(kThrow);
  file.open(path, std::ios::binary);
  file << text << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} PROJECT\n", argv[0]);
    return 2;
  }
  try {
    for (const auto& part : tasklane::parts()) {
      const auto path = std::filesystem::path(argv[1]) / part.path;
      const std::string document = content(path);
      const std::string made = with_part(document, part);
      if (made == document) continue;
      write(path, made);
      fmt::print("{}: {}\n", part.path, part.name);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "render_documents: {}\n", error.what());
    return 1;
  }
  return 0;
}
