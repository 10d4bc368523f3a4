#include "cli/user_request.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"

namespace tasklane {

namespace {

constexpr std::array kOptions = {
    Option{"json", "", "print JSON"},
    Option{"yes", "", "do not ask: for what destroys"},
    Option{"id", "", "WHO is an id, although it has an @"},
    Option{"after", "ID", "list: those behind this id"},
    Option{"limit", "N", "list, top, orphans: at most so many (default 100; top: 20)"},
    Option{"delete", "", "orphans: delete them, for good"},
    kEnvFileOption};

constexpr CommandLine kLine = {
    .usage = "tasklane user VERB [WHO] [OPTION]…",
    .about =
        "WHO is a user's id or e-mail. What is Better Auth's goes through the web app (package tasklane-web, "
        "or\n"
        "the users.mjs that TASKLANE_WEB_USERS names); without it the rest is done, and what was not is "
        "told.\n\n"
        "  list               users, by id\n"
        "  show WHO           what is stored of one\n"
        "  top                those with most tasks\n"
        "  block WHO          refuse every request, within a second, on all hosts (403 account_blocked)\n"
        "  unblock WHO        serve them again\n"
        "  sign-out WHO       refuse every token issued before now, and end the sessions\n"
        "  export WHO         print all tasks as JSON\n"
        "  delete WHO         delete tasks, keys and account, for good\n"
        "  orphans            rows of users who are gone\n"
        "  reset-link EMAIL   print a link to choose a new password\n"
        "  invite EMAIL       print a link to sign up with\n\n"
        "What changes something leaves a line in the audit trail: the system's log, as tasklane-audit.",
    .options = kOptions};

constexpr std::array<std::string_view, 3> kWithoutWho = {"list", "top", "orphans"};
constexpr std::array<std::string_view, 8> kWithWho = {"show",   "block",  "unblock",    "sign-out",
                                                      "export", "delete", "reset-link", "invite"};
constexpr int kLimitMax = 1000;

int refuse_usage(std::string_view sentence) {
  fmt::print(stderr, "tasklane: {}\nUsage: {}\n", sentence, kLine.usage);
  return kExitUsage;
}

std::string mistake_in(const UserRequest& request, bool needs_who) {
  if (needs_who && request.who.empty()) return fmt::format("{}: whom?", request.verb);
  if (!needs_who && !request.who.empty()) return fmt::format("{} is of no one user", request.verb);
  const auto length = count_code_points(request.who);
  if (!length || *length > limits::kUserIdMaxCodePoints) return "an id has 1 to 255 characters of UTF-8";
  const auto limit = parse_number<int>(request.options.value("limit", "1"));
  if (!limit || *limit < 1 || *limit > kLimitMax) return fmt::format("--limit must be 1 to {}", kLimitMax);
  return {};
}

}  // namespace

int UserRequest::limit(int otherwise) const {
  return parse_number<int>(options.value("limit")).value_or(otherwise);
}

std::expected<UserRequest, int> read_user_request(Arguments arguments) {
  std::vector<std::string_view> words, others;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_option = arguments[i].starts_with('-');
    (is_option ? others : words).push_back(arguments[i]);
    const bool takes_next = std::ranges::any_of(kOptions, [&](const Option& option) {
      return is_option && !option.value.empty() && arguments[i].substr(2) == option.name;
    });
    if (takes_next && i + 1 < arguments.size()) others.push_back(arguments[++i]);
  }
  auto options = read_options(kLine, others);
  if (!options) return std::unexpected(options.error());
  if (words.empty() || words.size() > 2)
    return std::unexpected(refuse_usage(words.empty() ? "what about users?" : "that is one word too many"));
  UserRequest request{.verb = std::string(words[0]),
                      .who = std::string(words.size() > 1 ? words[1] : ""),
                      .options = std::move(*options),
                      .url = {},
                      .keys_table = {}};
  const bool needs_who = std::ranges::find(kWithWho, request.verb) != kWithWho.end();
  if (!needs_who && std::ranges::find(kWithoutWho, request.verb) == kWithoutWho.end())
    return std::unexpected(refuse_usage("there is no such verb"));
  if (const std::string wrong = mistake_in(request, needs_who); !wrong.empty())
    return std::unexpected(refuse_usage(wrong));
  const auto config = read_command_config(request.options);
  if (!config) return std::unexpected(config.error());
  request.url = config->database_url_direct;
  request.keys_table = config->jwks_database ? config->jwks_table : "";
  return request;
}

std::expected<Person, int> find_person(const UserRequest& request, bool details) {
  const bool by_email = request.who.contains('@') && !request.options.has("id");
  if (!by_email && (!details || !has_web_users())) return Person{.id = request.who, .web = std::nullopt};
  const auto web = find_web_user(by_email ? "email" : "id", request.who);
  if (!web && by_email)
    return std::unexpected(refuse(fmt::format("an e-mail is looked up in the web app: {}", web.error())));
  if (by_email && !*web) return std::unexpected(refuse("there is no user with this e-mail"));
  if (!web) refuse(web.error());
  return Person{.id = by_email ? (*web)->id : request.who, .web = web ? *web : std::nullopt};
}

bool is_confirmed(const UserRequest& request, const std::string& question) {
  if (request.options.has("yes")) return true;
  if (::isatty(STDIN_FILENO) == 0) {
    refuse("this destroys: say --yes");
    return false;
  }
  fmt::print(stderr, "{} Type yes: ", question);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes") return true;
  refuse("nothing was changed");
  return false;
}

}  // namespace tasklane
