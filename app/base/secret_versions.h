#pragma once
// BETTER_AUTH_SECRETS as Better Auth reads it: "2:NEW,1:OLD", versions of its secret. The first one is the
// current one, which signs and encrypts; what the others have signed still counts.

#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace tasklane {

struct SecretVersion {
  unsigned number;
  std::string secret;
};

struct SecretVersions {
  std::vector<SecretVersion> versions;
  // Sentences without the setting's name and without any of the text. The web app has the same ones
  // (frontend/src/server/secrets.ts).
  std::vector<std::string> mistakes;
};

// Blanks around an entry, a version and a secret do not count.
SecretVersions read_secret_versions(std::string_view text);

// What HS256 tokens may be signed with, and the words for it: "BETTER_AUTH_SECRETS version 2".
struct TokenSecret {
  std::string name;
  std::string value;
};

// The versions, the current one first, and behind them BETTER_AUTH_SECRET: beside versions, it is the secret
// of before there were any. None twice.
std::vector<TokenSecret> token_secrets(const Config& config);

}  // namespace tasklane
