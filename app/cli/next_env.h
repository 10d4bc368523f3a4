#pragma once
// How Next.js reads a `.env` file: @next/env (16.4) with the dotenv 16.3 and the dotenv-expand that are in
// it. A front end beside Tasklane may share the file, and both have to read the same values.
// tests/system/test_env_file.py compares this with Next.js' own loader.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasklane {

// Names and values in the order of the file. No value: it depends on other variables ($NAME).
using NextValues = std::vector<std::pair<std::string, std::optional<std::string>>>;

NextValues read_as_next(std::string_view text);

}  // namespace tasklane
