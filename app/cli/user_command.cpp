#include "cli/user_command.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "cli/audit.h"
#include "cli/database_tool.h"

namespace tasklane {

namespace {

struct Act {
  std::string_view name;  // of tasklane_mark_user
  std::string_view event;
  std::string_view done;
};

// The web app's part of it. False: it was not done, and why was told.
bool do_in_web(std::string_view verb, const std::string& id, std::string_view undone) {
  const auto answer = ask_web_users(verb, {{"id", id}});
  if (!answer) refuse(fmt::format("{}: {}", undone, answer.error()));
  return answer.has_value();
}

int mark_command(const UserRequest& request, const Act& act) {
  const auto person = find_person(request);
  if (!person) return person.error();
  const auto record = look_at_user(request.url, person->id);
  if (!record) return refuse(record.error());
  if (!record->deleted_at.empty()) return refuse("this user is deleted");
  const auto changed = mark_user(request.url, person->id, act.name);
  if (!changed) return refuse(changed.error());
  if (!*changed) {
    fmt::print("{}: it was so already\n", printable(person->id));
    return kExitOk;
  }
  audit(act.event, person->id);
  fmt::print("{} is {}\n", printable(person->id), act.done);
  if (record->tasks == 0 && act.name != "unblock") refuse("this user has no tasks here: is it the right id?");
  if (act.name == "sign_out" && (!has_web_users() || !do_in_web("sign-out", person->id, "sessions")))
    refuse("sessions in the web app were not ended: they get new tokens");
  return kExitOk;
}

int delete_command(const UserRequest& request) {
  const auto person = find_person(request, true);
  if (!person) return person.error();
  const auto record = look_at_user(request.url, person->id);
  if (!record) return refuse(record.error());
  if (!record->is_known() && !person->web) return refuse("nothing is stored of this user");
  if (!is_confirmed(request,
                    fmt::format("{} with {} tasks is deleted for good.", request.who, record->tasks)))
    return kExitUsage;
  const auto deleted = delete_user(request.url, person->id);
  if (!deleted) return refuse(deleted.error());
  audit("user_deleted", person->id, {{"tasks", std::to_string(*deleted)}});
  fmt::print("{} tasks of {} are deleted; its tokens are refused\n", *deleted, printable(person->id));
  constexpr std::string_view kUndone = "the account in the web app was not deleted";
  if (!has_web_users())
    return refuse(fmt::format("{}: the web app is not on this host (TASKLANE_WEB_USERS)", kUndone), kExitOk);
  if (!person->web) return kExitOk;
  return do_in_web("delete", person->id, kUndone) ? kExitOk : kExitFailure;
}

// Rows of users who are gone: of those with a mark at once; of those that Better Auth does not know only when
// asked to, since another issuer may know them.
int orphans_command(const UserRequest& request) {
  const auto orphans = find_orphans(request.url, request.keys_table, request.limit(100));
  if (!orphans) return refuse(orphans.error());
  for (const std::string& id : orphans->deleted) fmt::print("{}  deleted, and has rows\n", printable(id));
  for (const std::string& id : orphans->unknown)
    fmt::print("{}  not in {}\n", printable(id), orphans->users_table);
  if (orphans->users_table.empty())
    refuse("Better Auth's users are not in this database: only deleted users were looked for");
  std::vector<std::string> all = orphans->deleted;
  all.insert(all.end(), orphans->unknown.begin(), orphans->unknown.end());
  if (!request.options.has("delete") || all.empty()) return kExitOk;
  if (!is_confirmed(
          request,
          fmt::format("The rows of {} users are deleted, and their tokens refused for good.", all.size())))
    return kExitUsage;
  for (const std::string& id : all) {
    const auto deleted = delete_user(request.url, id);
    if (!deleted) return refuse(deleted.error());
    audit("user_deleted", id, {{"tasks", std::to_string(*deleted)}, {"why", "orphan"}});
    fmt::print("{} tasks of {} are deleted\n", *deleted, printable(id));
  }
  return kExitOk;
}

int link_command(const UserRequest& request, std::string_view event) {
  const auto answer = ask_web_users(request.verb, {{"email", request.who}});
  const JsonValue* url = answer ? answer->find("url") : nullptr;
  if (url == nullptr || url->string() == nullptr)
    return refuse(answer ? "the web app has made no link" : answer.error());
  audit(event, request.who);
  fmt::print("{}\n", *url->string());
  return kExitOk;
}

}  // namespace

int user_command(Arguments arguments) {
  const auto request = read_user_request(arguments);
  if (!request) return request.error();
  const std::string& verb = request->verb;
  if (verb == "list") return list_users_command(*request);
  if (verb == "top") return top_users_command(*request);
  if (verb == "show") return show_user_command(*request);
  if (verb == "export") return export_user_command(*request);
  if (verb == "delete") return delete_command(*request);
  if (verb == "orphans") return orphans_command(*request);
  if (verb == "reset-link") return link_command(*request, "reset_link_made");
  if (verb == "invite") return link_command(*request, "user_invited");
  if (verb == "block")
    return mark_command(*request, {"block", "user_blocked", "blocked: workers refuse it within a second"});
  if (verb == "unblock") return mark_command(*request, {"unblock", "user_unblocked", "served again"});
  return mark_command(*request,
                      {"sign_out", "user_signed_out", "signed out: tokens issued before now are refused"});
}

}  // namespace tasklane
