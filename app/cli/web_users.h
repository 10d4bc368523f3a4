#pragma once
// The web app's program through which Better Auth itself does what is its own: that of the package
// tasklane-web, or what TASKLANE_WEB_USERS names. It takes a verb, and a JSON object on stdin; it gives one
// on stdout, or a sentence on stderr.

#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json_reader.h"

namespace tasklane {

using WebArguments = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Whether it is there to be called.
bool has_web_users();

// What it answered; a sentence when it is not there, or says what is wrong.
std::expected<JsonValue, std::string> ask_web_users(std::string_view verb, WebArguments arguments);

struct WebUser {
  std::string id;
  std::string email;
  std::string name;
  std::string created_at;
};

// By one of id and email. Nothing: there is no such user.
std::expected<std::optional<WebUser>, std::string> find_web_user(std::string_view key,
                                                                 std::string_view value);

// The users behind the id `after`, at most `count`, by id.
std::expected<std::vector<WebUser>, std::string> list_web_users(std::string_view after, int count);

}  // namespace tasklane
