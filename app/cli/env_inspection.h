#pragma once
// What `tasklane check` says of the environment file and of the names in the environment, beyond the rules of
// the settings. Nothing tells a value.

#include <string>
#include <vector>

#include "base/config.h"
#include "schema/inspection.h"

namespace tasklane {

// Warnings: names that are no settings, and values that Next.js would read otherwise from the same file.
// `environment` as environ(7) has it.
std::vector<Finding> inspect_env(const std::string& path, const std::string& text, char** environment);

// What the web app would not start with, of its names in the same file or environment; in its own words
// (frontend/src/server/config.ts). `database_url` is the API's: the web app reads it, too, where it has no
// other.
ConfigMistakes web_app_mistakes(const std::string& text, const std::string& database_url);

}  // namespace tasklane
