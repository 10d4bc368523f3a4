#pragma once
// The web app's own secrets, which the API does not read: where its unit finds them, in the environment,
// beside tasklane.env in credentials/, or in that file.

#include <expected>
#include <string>
#include <vector>

#include "base/config.h"

namespace tasklane {

// WEB_DATABASE_URL; empty: not set. The error is a sentence.
std::expected<std::string, std::string> web_database_url(const ConfigSource& source);

// What its private keys may be encrypted with: WEB_BETTER_AUTH_SECRETS' versions and WEB_BETTER_AUTH_SECRET,
// else the API's own of these names. Or a sentence.
std::expected<std::vector<std::string>, std::string> web_secrets(const ConfigSource& source,
                                                                 const Config& config);

// The text of one of those settings, as a person types it: versions, or one secret.
std::vector<std::string> secrets_in(const std::string& text);

// Whether one of them opens the key that signs: the newest in the text of a COPY of the keys' table. True
// when there is none, or it is not encrypted.
bool opens_newest_key(const std::vector<std::string>& secrets, const std::string& copied_keys);

}  // namespace tasklane
