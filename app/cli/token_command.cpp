#include "cli/token_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "auth/token_issuer.h"
#include "base/exit_codes.h"
#include "base/limits.h"
#include "base/secret_versions.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/command.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {Option{"sub", "USER", "the user's id, 1 to 255 characters"},
                                 Option{"ttl", "TIME", "valid for so long: 90s, 15m, 1h, 7d (default 1h)"},
                                 kEnvFileOption};

constexpr CommandLine kLine = {.usage = "tasklane token --sub USER [--ttl TIME] [--env-file FILE]",
                               .about =
                                   "Prints an HS256 token for USER, signed with BETTER_AUTH_SECRET or with "
                                   "the first of BETTER_AUTH_SECRETS,\n"
                                   "with the configured issuer and audience: for development and curl. "
                                   "A reader of the secret can act as any user.",
                               .options = kOptions};

int refuse_usage(std::string_view sentence) {
  fmt::print(stderr, "tasklane: {}\nUsage: {}\n", sentence, kLine.usage);
  return kExitUsage;
}

}  // namespace

std::optional<std::chrono::seconds> parse_ttl(std::string_view text) {
  using std::chrono::seconds;
  constexpr std::array kUnits = {std::pair('s', seconds(1)), std::pair('m', seconds(60)),
                                 std::pair('h', seconds(3'600)), std::pair('d', seconds(86'400))};
  if (text.empty()) return std::nullopt;
  const auto unit = std::ranges::find(kUnits, text.back(), [](const auto& entry) { return entry.first; });
  const auto number = parse_number<std::int32_t>(text.substr(0, text.size() - 1));
  if (unit == kUnits.end() || number.value_or(0) < 1) return std::nullopt;
  const seconds ttl = *number * unit->second;
  return ttl <= limits::kIssuedTokenTtlMax ? std::optional(ttl) : std::nullopt;
}

int token_command(Arguments arguments) {
  const auto options = read_options(kLine, arguments);
  if (!options) return options.error();
  const std::string subject = options->value("sub");
  if (subject.empty()) return refuse_usage("--sub is needed: whose token is it?");
  const auto length = count_code_points(subject);
  if (!length) return refuse_usage("--sub is not UTF-8");
  if (*length > limits::kUserIdMaxCodePoints) return refuse_usage("--sub is longer than 255 characters");
  const auto ttl = parse_ttl(options->value("ttl", "1h"));
  if (!ttl) return refuse_usage("--ttl must be a number and s, m, h or d, at most 365d");

  const auto config = read_command_config(*options);
  if (!config) return config.error();
  const auto secrets = token_secrets(*config);
  if (secrets.empty()) {
    fmt::print(stderr, "tasklane: BETTER_AUTH_SECRET is not set; a token is signed with it\n");
    tell_closed_files(*options);
    return kExitConfiguration;
  }
  const UnixTime now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  fmt::print("{}\n", issue_token({.subject = subject,
                                  .issued_at = now,
                                  .expires_at = now + ttl->count(),
                                  .issuer = config->issuer,
                                  .audience = config->audience},
                                 secrets.front().value));
  return kExitOk;
}

}  // namespace tasklane
