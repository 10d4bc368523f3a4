#include "documents/setting_texts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace tasklane {

namespace {

constexpr std::size_t kColumns = 110;

struct Group {
  std::string_view heading;
  std::string_view about;
};
constexpr std::array<Group, 4> kGroups = {
    {{"Postgres", ""},
     {"Tokens", ""},
     {"Workers", ""},
     {"nginx", "`tasklane nginx-config` writes these into the configuration that it renders."}}};

const Group& described(SettingGroup group) {
  return kGroups[static_cast<std::size_t>(group)];
}

// Before the first setting of each group: that group.
std::optional<Group> begun_by(const Setting& setting) {
  const auto first = std::ranges::find(settings(), setting.group, &Setting::group);
  return first->name == setting.name ? std::optional(described(setting.group)) : std::nullopt;
}

// What is said of a setting in every document, a sentence each.
std::vector<std::string> sentences_on(const Setting& setting) {
  std::vector<std::string> sentences = {std::string(setting.text)};
  if (!setting.form.values.empty()) sentences.push_back(fmt::format("Values: {}.", setting.form.values));
  if (!setting.default_in_words.empty())
    sentences.push_back(fmt::format("Default: {}.", setting.default_in_words));
  if (!setting.required.empty()) sentences.emplace_back("Required.");
  if (setting.secret) sentences.emplace_back("Secret.");
  return sentences;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string as_comment(std::string_view text) {
  std::string comment = "#";
  std::size_t used = 1;  // columns of its last line
  while (!text.empty()) {
    const std::string_view word = take_until(text, ' ');
    if (used + 1 + columns(word) > kColumns) {
      comment += "\n#";
      used = 1;
    }
    comment += ' ';
    comment += word;
    used += 1 + columns(word);
  }
  comment += '\n';
  return comment;
}

// mdoc(7): a line for each sentence, code in quotes.
std::string as_manual(std::string_view text) {
  std::string made;
  for (bool code = false; const char c : text) {
    if (c == '`') {
      made += code ? "\\(cq" : "\\(oq";
      code = !code;
    } else if (c == ' ' && made.ends_with('.')) {
      made += '\n';
    } else if (c == '\\') {
      made += "\\e";
    } else {
      made += c;
    }
  }
  made += '\n';
  return made;
}

}  // namespace

std::string_view heading(SettingGroup group) {
  return described(group).heading;
}

std::string settings_as_env_file() {
  std::string text;
  for (const Setting& setting : settings()) {
    if (const auto group = begun_by(setting)) {
      text += fmt::format("\n# ---- {}\n", group->heading);
      if (!group->about.empty()) text += fmt::format("\n{}", as_comment(group->about));
    }
    text += fmt::format("\n{}", as_comment(fmt::format("{}", fmt::join(sentences_on(setting), " "))));
    if (!setting.example.empty()) text += fmt::format("#   {}\n", setting.example);
    text += fmt::format("#{}={}\n", setting.name, setting.default_value);
  }
  text += '\n';
  return text;
}

std::string settings_as_markdown(SettingGroup group) {
  std::string text = "| name | default | values | |\n|---|---|---|---|\n";
  for (const Setting& setting : settings()) {
    if (setting.group != group) continue;
    std::string standard(setting.required.empty() ? setting.default_in_words : "required");
    if (!setting.default_value.empty()) standard = fmt::format("`{}`", setting.default_value);
    const std::string values = setting.form.values.empty() ? "any" : setting.form.values;
    text += fmt::format("| `{}` | {} | {} | {}", setting.name, standard, values, setting.text);
    if (!setting.more.empty()) text += fmt::format(" {}", setting.more);
    text += " |\n";
  }
  return text;
}

std::string settings_as_manual() {
  std::string text;
  for (const Setting& setting : settings()) {
    if (const auto group = begun_by(setting)) {
      std::string title(group->heading);
      std::ranges::transform(title, title.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
      text += fmt::format("{}.Sh {}\n", text.empty() ? "" : ".El\n", title);
      if (!group->about.empty()) text += as_manual(group->about);
      text += ".Bl -tag -width indent\n";
    }
    text += fmt::format(".It Ev {}\n", setting.name);
    for (const auto& sentence : sentences_on(setting)) text += as_manual(sentence);
    if (!setting.default_value.empty()) text += as_manual(fmt::format("Default: {}.", setting.default_value));
  }
  text += ".El\n";
  return text;
}

}  // namespace tasklane
