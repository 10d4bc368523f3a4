#include "store/start_mistakes.h"

#include <fmt/format.h>

#include "auth/jwks_file.h"
#include "postgres/connection_pool.h"

namespace tasklane {

ConfigMistakes start_mistakes(const Config& config) {
  ConfigMistakes mistakes;
  const auto add = [&](std::string_view name, const std::string& why) {
    if (!why.empty()) mistakes.push_back(fmt::format("{} cannot be used: {}", name, why));
  };
  add("DATABASE_URL", ConnectionPool::mistake_in(config.database_url));
  if (config.jwks_file) {
    add("AUTH_JWKS", mistake_in_key_file(*config.jwks_file, rsa_algorithm(config)));
  }
  return mistakes;
}

}  // namespace tasklane
