#pragma once
// The parts of kept documents that are made from the tables, and where they stand: between a line with
// "made by scripts/render-documents: NAME" and one with "end of NAME".

#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

struct Part {
  std::string path;  // of the document, in the project
  std::string name;
  std::string text;  // whole lines
};

std::vector<Part> parts();

// The document with the part's text between its marks. Throws std::runtime_error when a mark is missing.
std::string with_part(const std::string& document, const Part& part);

}  // namespace tasklane
