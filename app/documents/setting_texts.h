#pragma once
// The table of the settings (base/settings.h) as the documents tell it.

#include <string>
#include <string_view>

#include "base/settings.h"

namespace tasklane {

std::string_view heading(SettingGroup group);

// For .env.example: every setting as a comment and a line to uncomment.
std::string settings_as_env_file();

// For docs/CONFIGURATION.md: the settings of one group as a table.
std::string settings_as_markdown(SettingGroup group);

// For tasklane.env(5): a section for each group, in mdoc(7).
std::string settings_as_manual();

}  // namespace tasklane
