#pragma once
// The table of the settings. Each entry tells a name, how its text becomes a member of Config, the default,
// and what the documents say. The parser, `tasklane check -T`, .env.example, docs/CONFIGURATION.md and
// tasklane.env(5) are made from it: a new setting is one entry here and one member of Config.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace tasklane {

// How a text becomes a member of Config, and how the member is shown. setting_forms.h has one for each kind.
struct Form {
  std::string values;  // the texts that are right, for the documents: "1 to 64"; empty: any

  // Sets the member, or returns what is wrong, a sentence each without the setting's name. No sentence holds
  // the text: it may be a secret in the wrong place. An empty text leaves the member as it is.
  std::function<std::vector<std::string>(std::string_view text, Config& config)> read;

  std::function<std::string(const Config& config)> show;
};

enum class SettingGroup { postgres, tokens, workers, nginx };

// The texts are Markdown in one line; `text` without links, since it is also read as it is.
struct Setting {
  std::string_view name;
  SettingGroup group;
  Form form;
  std::string_view default_value = {};     // read like any other value
  std::string_view default_in_words = {};  // where there is no such value: "one per processor"
  bool secret = false;                     // may be given as NAME_FILE (secret.h), is never shown
  std::string_view required = {};          // what to give; empty: the setting has a default
  std::string_view text;                   // for all documents; the form's values and the default are added
  std::string_view more = {};              // for docs/CONFIGURATION.md alone
  std::string_view example = {};           // a line for .env.example
};

// Ordered by group.
std::span<const Setting> settings();

}  // namespace tasklane
