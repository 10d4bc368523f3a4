#include "json/json_writer.h"

#include <utility>

namespace tasklane {

void JsonWriter::begin(std::string_view bracket) {
  next();
  text_.raw(bracket);
  follows_ = false;
}

void JsonWriter::end(std::string_view bracket) {
  text_.raw(bracket);
  follows_ = true;
}

void JsonWriter::key(std::string_view name) {
  next();
  text_.raw("\"");
  text_.raw(name);
  text_.raw("\":");
  follows_ = false;
}

void JsonWriter::next() {
  if (std::exchange(follows_, true)) text_.raw(",");
}

std::string JsonWriter::take() {
  follows_ = false;
  return text_.take();
}

}  // namespace tasklane
