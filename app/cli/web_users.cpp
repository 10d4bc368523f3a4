#include "cli/web_users.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/descriptors.h"
#include "cli/database_tool.h"
#include "json/json_writer.h"

namespace tasklane {

namespace {

// It loads the packaged web app's configuration and secrets, as its service does.
constexpr char kPackaged[] = "/usr/libexec/tasklane-web/users";

std::string program() {
  const char* named = std::getenv("TASKLANE_WEB_USERS");
  return named == nullptr ? kPackaged : named;
}

std::string text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : "";
}

WebUser read_user(const JsonValue& user) {
  return {.id = text_of(user, "id"),
          .email = text_of(user, "email"),
          .name = text_of(user, "name"),
          .created_at = text_of(user, "createdAt")};
}

}  // namespace

bool has_web_users() {
  const std::string path = program();
  return ::access(path.c_str(), path.ends_with(".mjs") ? R_OK : X_OK) == 0;
}

std::expected<JsonValue, std::string> ask_web_users(std::string_view verb, WebArguments arguments) {
  const std::string path = program();
  if (!has_web_users())
    return std::unexpected(
        fmt::format("the web app's {} is not there: install tasklane-web, or set TASKLANE_WEB_USERS", path));
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : arguments) json.member(name, value);
  json.end_object();
  std::vector<std::string> command = {path, std::string(verb)};
  if (path.ends_with(".mjs")) command.insert(command.begin(), "node");
  const auto end = run_tool({.command = std::move(command), .input = json.take()});
  if (!end) return std::unexpected(end.error());
  if (!end->succeeded) return std::unexpected(fmt::format("the web app's part of `{}` has failed", verb));
  auto answer = parse_json(end->output);
  if (!answer || answer->object() == nullptr)
    return std::unexpected(fmt::format("{} has given no JSON object", path));
  return std::move(*answer);
}

std::expected<std::optional<WebUser>, std::string> find_web_user(std::string_view key,
                                                                 std::string_view value) {
  const auto answer = ask_web_users("find", {{key, value}});
  if (!answer) return std::unexpected(answer.error());
  const JsonValue* user = answer->find("user");
  if (user == nullptr || user->object() == nullptr || text_of(*user, "id").empty()) return std::nullopt;
  return read_user(*user);
}

std::expected<std::vector<WebUser>, std::string> list_web_users(std::string_view after, int count) {
  const auto answer = ask_web_users("list", {{"after", after}, {"limit", std::to_string(count)}});
  if (!answer) return std::unexpected(answer.error());
  const JsonValue* users = answer->find("users");
  if (users == nullptr || users->array() == nullptr) return std::unexpected("the web app has told none");
  std::vector<WebUser> found;
  for (const JsonValue& user : *users->array()) found.push_back(read_user(user));
  return found;
}

}  // namespace tasklane
