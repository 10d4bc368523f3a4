#include "base/secret_versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>

#include "base/limits.h"
#include "base/setting_rules.h"
#include "base/text.h"

namespace tasklane {

namespace {

constexpr std::size_t kVersionDigitsMax = 9;  // a number that JavaScript and a 32-bit integer hold alike

std::expected<SecretVersion, std::string> read_entry(std::string_view entry, std::size_t position) {
  const auto colon = entry.find(':');
  const std::string_view digits = trim(entry.substr(0, colon));
  const auto number = parse_number<unsigned>(digits);
  if (colon == std::string_view::npos || !number || digits.size() > kVersionDigitsMax)
    return std::unexpected(fmt::format(
        "entry {} must be VERSION:SECRET with a whole number as version; a secret in it has no comma",
        position));
  return SecretVersion{.number = *number, .secret = std::string(trim(entry.substr(colon + 1)))};
}

}  // namespace

SecretVersions read_secret_versions(std::string_view text) {
  SecretVersions read;
  const auto entries = split(text, ',');
  if (entries.size() > limits::kSecretVersionsMax)
    read.mistakes.push_back(fmt::format("has more than {} versions", limits::kSecretVersionsMax));
  for (std::size_t position = 1; const std::string& entry : entries) {
    auto version = read_entry(entry, position++);
    if (!version) {
      read.mistakes.push_back(std::move(version.error()));
      continue;
    }
    if (std::ranges::find(read.versions, version->number, &SecretVersion::number) != read.versions.end())
      read.mistakes.push_back(fmt::format("has version {} twice", version->number));
    if (const Wrong wrong = wrong_in_secret(version->secret); !wrong.empty())
      read.mistakes.push_back(fmt::format("version {} {}", version->number, wrong));
    read.versions.push_back(std::move(*version));
  }
  return read;
}

std::vector<TokenSecret> token_secrets(const Config& config) {
  std::vector<TokenSecret> secrets;
  const auto add = [&](std::string name, std::string value) {
    if (value.empty() || std::ranges::find(secrets, value, &TokenSecret::value) != secrets.end()) return;
    secrets.push_back({.name = std::move(name), .value = std::move(value)});
  };
  if (!config.better_auth_secrets.empty()) {
    for (SecretVersion& version : read_secret_versions(config.better_auth_secrets).versions)
      add(fmt::format("BETTER_AUTH_SECRETS version {}", version.number), std::move(version.secret));
  }
  add("BETTER_AUTH_SECRET", config.better_auth_secret);
  return secrets;
}

}  // namespace tasklane
