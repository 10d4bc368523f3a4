#include "cli/web_secrets.h"

#include <algorithm>
#include <cstdlib>

#include "auth/encrypted_key.h"
#include "base/env_file.h"
#include "base/secret.h"
#include "base/secret_versions.h"
#include "cli/archive.h"

namespace tasklane {

namespace {

std::expected<std::string, std::string> find_in(const ConfigSource& source, std::string_view name) {
  const auto file = read_env_file(source.env_file, false);
  const auto in_environment = [&](std::string_view each) -> std::optional<std::string> {
    if (const char* set = std::getenv(std::string(each).c_str()); set != nullptr) return set;
    return each == kCredentialsDirectory ? std::optional(source.credentials_folder) : std::nullopt;
  };
  const auto in_file = [&](std::string_view each) -> std::optional<std::string> {
    if (!file) return std::nullopt;
    const auto found =
        std::ranges::find(*file, each, [](const auto& pair) { return std::string_view(pair.first); });
    return found == file->end() ? std::nullopt : std::optional(found->second);
  };
  return find_secret(name, in_environment, in_file);
}

// Of these columns the one that there is: Better Auth's spelling, or that of hand-made schemas.
std::vector<std::string> column(const std::string& copied, std::string_view name,
                                std::string_view otherwise) {
  auto values = copied_values(copied, name);
  return values.empty() ? copied_values(copied, otherwise) : values;
}

}  // namespace

std::expected<std::string, std::string> web_database_url(const ConfigSource& source) {
  return find_in(source, "WEB_DATABASE_URL");
}

std::vector<std::string> secrets_in(const std::string& text) {
  std::vector<std::string> secrets;
  if (text.empty()) return secrets;
  const SecretVersions read = read_secret_versions(text);
  if (!read.mistakes.empty()) return {text};
  for (const auto& version : read.versions) secrets.push_back(version.secret);
  return secrets;
}

std::expected<std::vector<std::string>, std::string> web_secrets(const ConfigSource& source,
                                                                 const Config& config) {
  std::vector<std::string> secrets;
  for (const std::string_view name : {"WEB_BETTER_AUTH_SECRETS", "WEB_BETTER_AUTH_SECRET"}) {
    const auto text = find_in(source, name);
    if (!text) return std::unexpected(text.error());
    const bool versions = name.ends_with('S');
    const auto found = versions ? secrets_in(*text) : std::vector<std::string>{*text};
    if (!text->empty()) secrets.insert(secrets.end(), found.begin(), found.end());
  }
  if (secrets.empty()) {
    for (const TokenSecret& secret : token_secrets(config)) secrets.push_back(secret.value);
  }
  return secrets;
}

bool opens_newest_key(const std::vector<std::string>& secrets, const std::string& copied_keys) {
  const auto keys = column(copied_keys, "privateKey", "private_key");
  const auto times = column(copied_keys, "createdAt", "created_at");
  if (keys.empty()) return true;
  const std::size_t newest = times.size() == keys.size()
                                 ? static_cast<std::size_t>(std::ranges::max_element(times) - times.begin())
                                 : keys.size() - 1;
  if (!is_encrypted_key(keys[newest])) return true;
  return std::ranges::any_of(secrets,
                             [&](const std::string& secret) { return opens_key(secret, keys[newest]); });
}

}  // namespace tasklane
