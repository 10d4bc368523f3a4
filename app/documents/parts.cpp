#include "documents/parts.h"

#include <fmt/format.h>

#include <stdexcept>

#include "documents/metric_list.h"
#include "documents/setting_texts.h"

namespace tasklane {

std::vector<Part> parts() {
  std::vector<Part> all = {{".env.example", "settings", settings_as_env_file()},
                           {"packaging/man/tasklane.env.5", "settings", settings_as_manual()},
                           {"docs/operations/seeing.md", "metrics", metrics_as_markdown()}};
  using enum SettingGroup;
  for (const SettingGroup group : {postgres, tokens, workers, nginx}) {
    all.push_back({"docs/CONFIGURATION.md", fmt::format("settings of {}", heading(group)),
                   settings_as_markdown(group)});
  }
  return all;
}

std::string with_part(const std::string& document, const Part& part) {
  const auto mark = document.find(fmt::format("made by scripts/render-documents: {}", part.name));
  const auto begin = document.find('\n', mark);
  const auto end_mark = document.find(fmt::format("end of {}", part.name), begin);
  if (mark == std::string::npos || begin == std::string::npos || end_mark == std::string::npos)
    throw std::runtime_error(fmt::format("{} has no place for \"{}\"", part.path, part.name));
  const auto end = document.rfind('\n', end_mark);
  return document.substr(0, begin + 1) + part.text + document.substr(end + 1);
}

}  // namespace tasklane
