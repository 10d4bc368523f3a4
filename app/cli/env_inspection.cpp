#include "cli/env_inspection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "auth/party.h"
#include "base/env_file.h"
#include "base/setting_rules.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/next_env.h"
#include "cli/setting_names.h"
#include "postgres/connection_pool.h"
#include "postgres/url_mistake.h"

namespace tasklane {

namespace {

using Findings = std::vector<Finding>;

void warn(Findings& findings, std::string sentence) {
  findings.push_back({Finding::Level::warning, std::move(sentence)});
}

std::vector<EnvLine> lines_of(const std::string& text) {
  return parse_env_lines(text).value_or(std::vector<EnvLine>());  // its mistakes have been told
}

// As names of variables are: nothing of a secret that has lost its line.
bool is_printable_name(std::string_view name) {
  constexpr std::size_t kLongest = 48;
  return name.size() <= kLongest &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

void tell_names_in_file(const std::string& path, const std::vector<EnvLine>& lines, Findings& findings) {
  std::vector<std::string> others;
  for (const EnvLine& line : lines) {
    if (is_known_name(line.name)) continue;
    const std::string_view nearest = nearest_setting(line.name);
    if (!nearest.empty()) {
      const std::string name = is_printable_name(line.name) ? line.name : "its name";
      warn(findings,
           fmt::format("{}: line {}: {} is no setting; the nearest is {}", path, line.number, name, nearest));
    } else if (is_printable_name(line.name) && std::ranges::find(others, line.name) == others.end()) {
      others.push_back(line.name);
    }
  }
  if (!others.empty())
    warn(findings, fmt::format("{}: no settings of Tasklane: {}", path, fmt::join(others, ", ")));
}

// Of the many names in an environment only one that is a letter away.
void tell_names_in_environment(char** environment, Findings& findings) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    std::string_view entry = *environment;
    const std::string_view name = take_until(entry, '=');
    const std::string_view nearest = nearest_setting(name);
    if (!nearest.empty() && !is_known_name(name) && edit_distance(name, nearest) == 1)
      warn(findings, fmt::format("environment: {} is no setting; the nearest is {}", name, nearest));
  }
}

// Both readers' value of a line that stands alone; empty: they differ.
std::optional<std::string> read_alike(const std::string& written) {
  const std::string line = "N=" + written;
  const auto ours = parse_env_lines(line);
  const auto theirs = read_as_next(line);
  if (!ours || ours->size() != 1 || theirs.size() != 1 || !theirs[0].second) return std::nullopt;
  return ours->front().value == *theirs[0].second ? theirs[0].second : std::nullopt;
}

std::string escape_dollars(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '$') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// How both read this value, without telling it.
std::string_view common_form(const std::string& value) {
  if (read_alike(value) == value) return "write it without quotes";
  if (read_alike("'" + value + "'") == value) return "write it in single quotes";
  if (read_alike('"' + escape_dollars(value) + '"') == value)
    return "write it in double quotes, with a backslash before each $";
  return "there is no form that both read: choose another value, or give a secret as NAME_FILE";
}

// The characters by which the two readings part.
std::string culprits(const std::string& written) {
  std::vector<std::string> all, alone;
  for (const char c : std::string_view("$#\\`")) {
    if (!written.contains(c)) continue;
    all.emplace_back(1, c);
    std::string without = written;
    std::erase(without, c);
    if (read_alike(without)) alone.emplace_back(1, c);
  }
  if (all.empty()) return "its quotes or blanks";
  return fmt::format("{}", fmt::join(alone.size() == 1 ? alone : all, " "));
}

void tell_differences(const std::string& path, const std::string& text, const std::vector<EnvLine>& lines,
                      Findings& findings) {
  const NextValues theirs = read_as_next(text);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const auto is_this = [&](const auto& other) { return other.name == line->name; };
    if (!is_known_name(line->name) || std::any_of(lines.rbegin(), line, is_this))
      continue;  // the last counts
    const auto found =
        std::ranges::find(theirs.rbegin(), theirs.rend(), line->name, &NextValues::value_type::first);
    if (found != theirs.rend() && found->second == line->value) continue;
    const bool alone = !read_alike(line->written);
    warn(findings, fmt::format("{}: line {}: Next.js reads another {} from this file, because of {}; {}",
                               path, line->number, line->name,
                               alone ? culprits(line->written) : "a quote that it ends in another line",
                               alone ? common_form(line->value) : "put no backslash before a quote"));
  }
}

bool is_utf8(std::string_view text) {
  return count_code_points(text).has_value();
}

// What libpq does and the web app cannot, as frontend/src/server/database-url.ts has it.
bool is_untaken_by_web_app(const std::string& name, const std::string& value) {
  constexpr std::array kNever = {"passfile", "sslcrl", "sslcrldir", "requirepeer"};
  constexpr std::array kNone = {"false", "off", "no", "0"};
  if (value.empty()) return false;
  if (name == "host") return value.starts_with('@') || value.contains(",@");  // an abstract socket
  if (name == "sslkey") return value.contains(':');                           // an engine's
  if (name == "gssencmode") return value == "require";
  if (name == "replication") return std::ranges::find(kNone, to_lower(value)) == kNone.end();
  return std::ranges::find(kNever, name) != kNever.end();
}

std::string wrong_for_web_app(const std::string& url) {
  if (auto wrong = wrong_in_database_url(url); !wrong.empty()) return wrong;
  if (const auto why = ConnectionPool::mistake_in(url); !why.empty()) return "cannot be used: " + why;
  const auto keywords = parse_connection_url(url).value_or(ConnectionKeywords());
  for (const auto& [name, value] : keywords) {
    if (!is_utf8(value)) return "cannot be used: the web app does not take what is not UTF-8";
    if (!value.empty() && name == "service") return fmt::format("cannot be used: {}", kServiceRefused);
    if (!value.empty() && is_newer_parameter(name)) return "cannot be used: " + newer_parameter_refused(name);
    if (is_untaken_by_web_app(name, value))
      return fmt::format("cannot be used: the web app does not take its {}", name);
  }
  return "";
}

}  // namespace

std::vector<Finding> inspect_env(const std::string& path, const std::string& text, char** environment) {
  Findings findings;
  const auto lines = lines_of(text);
  tell_names_in_file(path, lines, findings);
  tell_names_in_environment(environment, findings);
  tell_differences(path, text, lines, findings);
  return findings;
}

ConfigMistakes web_app_mistakes(const std::string& text, const std::string& database_url) {
  ConfigMistakes mistakes;
  const auto lines = lines_of(text);
  const auto value_of = [&](const char* name) -> std::string {
    if (const char* set = std::getenv(name)) return set;
    const auto found = std::ranges::find(lines.rbegin(), lines.rend(), name, &EnvLine::name);
    return found == lines.rend() ? "" : found->value;
  };
  const auto origin = [&](const char* name) {
    const std::string value = normalised_party(value_of(name));
    if (value.empty() || is_web_origin(value)) return value;
    mistakes.push_back(
        fmt::format("{} must be an origin such as https://app.example.com, without a path", name));
    return std::string();
  };
  const std::string page = origin("BETTER_AUTH_URL");
  const std::string api = origin("TASKLANE_API_URL");
  if (page.starts_with("https:") && api.starts_with("http:")) {
    mistakes.emplace_back(
        "TASKLANE_API_URL is http: while BETTER_AUTH_URL is https: and browsers refuse to mix them");
  }
  const std::string served_at = value_of("FRONTEND_UPSTREAM").empty() ? "" : value_of("PUBLIC_URL");
  if (!page.empty() && !served_at.empty() && page != served_at) {
    mistakes.emplace_back(
        "BETTER_AUTH_URL is another origin than PUBLIC_URL, where nginx serves the web app; leave it out, it "
        "is derived");
  }
  const std::string tokens = value_of("TASKLANE_TOKENS");
  if (!tokens.empty() && tokens != "jwks" && tokens != "secret")
    mistakes.emplace_back("TASKLANE_TOKENS must be jwks or secret");
  // Without one of its own it reads the API's, in whose mistakes nothing is new.
  const std::string own = value_of("FRONTEND_DATABASE_URL");
  const bool reads_ours = own.empty() && !page.empty() && ConnectionPool::mistake_in(database_url).empty();
  const std::string wrong = !own.empty() ? wrong_for_web_app(own)
                            : reads_ours ? wrong_for_web_app(database_url)
                                         : "";
  if (!wrong.empty())
    mistakes.push_back(fmt::format("{} {}", own.empty() ? "DATABASE_URL" : "FRONTEND_DATABASE_URL", wrong));
  return mistakes;
}

}  // namespace tasklane
