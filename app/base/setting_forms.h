#pragma once
// The forms that a setting may have: whole number, octal number, one of some words, text, list. Each is made
// for one member of Config. White space around a number, a word or a list's entry does not count.

#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "base/settings.h"

namespace tasklane {

Form whole_number(std::int64_t min, std::int64_t max, std::function<void(Config&, std::int64_t)> set,
                  std::function<std::int64_t(const Config&)> get);

// `member` is an integer or a duration.
template <class Number>
Form whole(Number Config::*member, std::int64_t min, std::int64_t max) {
  return whole_number(
      min, max,
      [member](Config& config, std::int64_t number) { config.*member = static_cast<Number>(number); },
      [member](const Config& config) {
        if constexpr (requires { (config.*member).count(); })
          return static_cast<std::int64_t>((config.*member).count());
        else
          return static_cast<std::int64_t>(config.*member);
      });
}

Form file_mode(unsigned Config::*member, unsigned max);

Form one_of(std::vector<std::string_view> words, std::function<void(Config&, std::size_t)> set,
            std::function<std::string(const Config&)> show);

// Each word with the value that it stands for.
template <class Value>
Form choice(Value Config::*member,
            std::type_identity_t<std::vector<std::pair<std::string_view, Value>>> choices) {
  std::vector<std::string_view> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  return one_of(
      std::move(words),
      [member, choices](Config& config, std::size_t index) { config.*member = choices[index].second; },
      [member, choices](const Config& config) {
        for (const auto& [word, value] : choices) {
          if (value == config.*member) return std::string(word);
        }
        return std::string();  // of a Config that has not been read
      });
}

// What a text must be. A rule is not asked about an empty one.
struct TextRule {
  std::string_view values;                          // for the documents
  std::string (*mistake)(const std::string& text);  // empty: there is none
};

Form text(std::string Config::*member, std::initializer_list<TextRule> rules = {});

// Comma separated; an entry's repetition is dropped. In `mistake`, {} stands for the number of the wrong
// entry.
Form list(std::vector<std::string> Config::*member, std::string_view values,
          bool (*fits)(const std::string& entry), std::string_view mistake);

// BETTER_AUTH_SECRETS: the text, once each version in it is right.
Form secret_versions(std::string Config::*member);

// AUTH_JWKS: "database" or the path of a file, a member each.
Form key_source();

}  // namespace tasklane
