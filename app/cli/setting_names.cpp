#include "cli/setting_names.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/settings.h"

namespace tasklane {

namespace {

// docs/CONFIGURATION.md, "What scripts/up adds", and what Next.js and Node.js read.
constexpr std::array<std::string_view, 12> kOfTheWebApp = {"BETTER_AUTH_URL", "FRONTEND_DATABASE_URL",
                                                           "TASKLANE_TOKENS", "TASKLANE_API_URL",
                                                           "HOSTNAME",        "PORT",
                                                           "NODE_ENV",        "NEXT_TELEMETRY_DISABLED",
                                                           "SIGN_UP",         "MAIL_FROM",
                                                           "SMTP_URL",        "SMTP_URL_FILE"};

constexpr std::size_t kLettersWrong = 2;
constexpr std::size_t kStemLetters = 5;  // what a longer name must share with a setting

}  // namespace

bool is_known_name(std::string_view name) {
  if (std::ranges::find(kOfTheWebApp, name) != kOfTheWebApp.end() || name.starts_with("NEXT_PUBLIC_"))
    return true;
  return std::ranges::any_of(settings(), [&](const Setting& setting) {
    if (!name.starts_with(setting.name)) return false;
    const std::string_view behind = name.substr(setting.name.size());
    return behind.empty() || (setting.secret && behind == "_FILE");
  });
}

std::size_t edit_distance(std::string_view one, std::string_view other) {
  // Rows of the usual table (optimal string alignment): [i][j] is of the first i and j letters.
  std::vector<std::vector<std::size_t>> table(one.size() + 1, std::vector<std::size_t>(other.size() + 1));
  for (std::size_t i = 0; i <= one.size(); ++i) {
    for (std::size_t j = 0; j <= other.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
        continue;
      }
      const std::size_t changed = one[i - 1] == other[j - 1] ? 0 : 1;
      std::size_t least = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + changed});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        least = std::min(least, table[i - 2][j - 2] + 1);
      table[i][j] = least;
    }
  }
  return table[one.size()][other.size()];
}

std::string_view nearest_setting(std::string_view name) {
  constexpr std::size_t kLongest = 64;  // no setting is longer: a text of many letters is no name
  if (name.size() > kLongest) return {};
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
  const auto distance = [&](const Setting& setting) { return edit_distance(upper, setting.name); };
  const auto nearest = std::ranges::min_element(settings(), {}, distance);
  if (distance(*nearest) <= std::min(kLettersWrong, name.size() / 3)) return nearest->name;
  const auto continued = std::ranges::find_if(settings(), [&](const Setting& setting) {
    return setting.name.size() >= kStemLetters && upper.size() >= kStemLetters &&
           (upper.starts_with(setting.name) || setting.name.starts_with(upper));
  });
  return continued == settings().end() ? std::string_view() : continued->name;
}

}  // namespace tasklane
