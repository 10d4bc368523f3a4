#include "cli/role_login.h"

#include <fmt/format.h>

#include "postgres/libpq_connection.h"
#include "postgres/scram_verifier.h"
#include "schema/restoration.h"

namespace tasklane {

std::string role_of(const std::string& url) {
  const auto keywords = url.empty() ? std::nullopt : parse_connection_url(url);
  return keywords ? value_of(*keywords, "user") : "";
}

std::expected<void, DatabaseError> admit_role_of(const std::string& url, const std::string& direct_url) {
  const std::string role = role_of(url);
  if (role.empty() || role == role_of(direct_url)) return {};
  const std::string password = value_of(parse_connection_url(url).value(), "password");
  const auto admitted =
      admit(direct_url, {.role = role, .verifier = password.empty() ? "" : scram_verifier(role, password)});
  if (!admitted) return std::unexpected(admitted.error());
  if (*admitted) fmt::print("role {} may log in, with the password of its URL\n", role);
  return {};
}

}  // namespace tasklane
