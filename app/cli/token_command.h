#pragma once
// `tasklane token`: prints a token signed with BETTER_AUTH_SECRET, for development and curl.

#include <chrono>
#include <optional>
#include <string_view>

#include "cli/command.h"

namespace tasklane {

int token_command(Arguments arguments);

// "90s", "15m", "1h", "7d": a whole number from 1 and a unit, at most limits::kIssuedTokenTtlMax.
std::optional<std::chrono::seconds> parse_ttl(std::string_view text);

}  // namespace tasklane
