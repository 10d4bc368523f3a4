#pragma once
// Turns named text values into typed ones and collects every mistake on the way, so that one run reports all.
// Only config.cpp uses it. A mistake's text never holds a value: it may be a secret in the wrong place.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tasklane {

class ConfigReader {
 public:
  // The value of a name; an unset name and an empty value are the same.
  using Lookup = std::function<std::string(std::string_view name)>;

  explicit ConfigReader(Lookup lookup) : lookup_(std::move(lookup)) {}

  std::string text(std::string_view name, std::string_view otherwise = {});
  std::string required(std::string_view name, std::string_view hint);
  std::int64_t integer(std::string_view name, std::int64_t otherwise, std::int64_t min, std::int64_t max);
  unsigned octal(std::string_view name, unsigned otherwise, unsigned max);
  // Comma separated; white space around an entry is dropped, as is an entry's repetition.
  std::vector<std::string> list(std::string_view name);
  // One of `words`, by position.
  std::size_t choice(std::string_view name, std::size_t otherwise, std::span<const std::string_view> words);

  void mistake(std::string_view name, std::string_view what);
  std::vector<std::string>& mistakes() { return mistakes_; }

 private:
  Lookup lookup_;
  std::vector<std::string> mistakes_;
};

}  // namespace tasklane
