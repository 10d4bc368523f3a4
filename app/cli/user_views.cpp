// The verbs of `tasklane user` that show something.
#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "base/text.h"
#include "cli/audit.h"
#include "cli/database_tool.h"
#include "cli/user_command.h"
#include "json/json_writer.h"

namespace tasklane {

namespace {

std::string state_of(const UserRecord& record) {
  std::string state;
  const auto add = [&](std::string_view word, const std::string& time) {
    if (!time.empty()) state += fmt::format("{}{} {}", state.empty() ? "" : ", ", word, time);
  };
  add("deleted", record.deleted_at);
  add("blocked", record.blocked_at);
  add("signed out", record.signed_out_at);
  return state.empty() ? "-" : state;
}

void time_member(JsonWriter& json, std::string_view name, const std::string& time) {
  json.key(name);
  time.empty() ? json.null() : json.string(time);
}

void write_user(JsonWriter& json, const UserRecord& record, const WebUser* web) {
  json.begin_object();
  json.member("id", record.id);
  if (web != nullptr) {
    json.member("email", web->email);
    json.member("name", web->name);
    json.member("created_at", web->created_at);
  }
  json.member("tasks", record.tasks);
  json.member("changed_in_24_hours", record.changed);
  json.member("bytes", record.bytes);
  json.member("idempotency_keys", record.keys);
  time_member(json, "blocked_at", record.blocked_at);
  time_member(json, "signed_out_at", record.signed_out_at);
  time_member(json, "deleted_at", record.deleted_at);
  json.end_object();
}

int print_users(const UserRequest& request, const std::vector<UserRecord>& records,
                const std::map<std::string, WebUser>& people) {
  JsonWriter json;
  json.begin_array();
  if (!request.json())
    fmt::print("{:<32}  {:>8}  {:>8}  {:>12}  {:<28}  {}\n", "ID", "TASKS", "CHANGED", "BYTES", "E-MAIL",
               "STATE");
  for (const UserRecord& record : records) {
    const auto person = people.find(record.id);
    const WebUser* web = person == people.end() ? nullptr : &person->second;
    if (request.json()) {
      write_user(json, record, web);
    } else {
      fmt::print("{:<32}  {:>8}  {:>8}  {:>12}  {:<28}  {}\n", printable(record.id), record.tasks,
                 record.changed, record.bytes, web != nullptr ? printable(web->email) : "-",
                 state_of(record));
    }
  }
  json.end_array();
  if (request.json()) fmt::print("{}\n", json.take());
  return kExitOk;
}

// A page of Better Auth's users; empty, with a sentence on stderr, when it cannot be asked.
std::map<std::string, WebUser> web_page(const UserRequest& request) {
  std::map<std::string, WebUser> people;
  const auto users = list_web_users(request.options.value("after"), request.limit(100));
  if (!users)
    refuse(fmt::format("these are the users with tasks or marks, without e-mails: {}", users.error()));
  for (const WebUser& user : users.value_or(std::vector<WebUser>{})) people.emplace(user.id, user);
  return people;
}

}  // namespace

int list_users_command(const UserRequest& request) {
  const auto people = web_page(request);
  std::vector<std::string> ids;
  for (const auto& [id, person] : people) ids.push_back(id);
  const auto records = ids.empty()
                           ? list_users(request.url, request.options.value("after"), request.limit(100))
                           : look_at_users(request.url, ids);
  return records ? print_users(request, *records, people) : refuse(records.error());
}

int top_users_command(const UserRequest& request) {
  const auto records = heaviest_users(request.url, request.limit(20));
  return records ? print_users(request, *records, {}) : refuse(records.error());
}

int show_user_command(const UserRequest& request) {
  const auto person = find_person(request, true);
  if (!person) return person.error();
  const auto record = look_at_user(request.url, person->id);
  if (!record) return refuse(record.error());
  if (!record->is_known() && !person->web) return refuse("nothing is stored of this user");
  const WebUser* web = person->web ? &*person->web : nullptr;
  if (request.json()) {
    JsonWriter json;
    write_user(json, *record, web);
    fmt::print("{}\n", json.take());
    return kExitOk;
  }
  fmt::print("id                {}\n", printable(record->id));
  if (web != nullptr)
    fmt::print("e-mail            {}\nname              {}\nsigned up         {}\n", printable(web->email),
               printable(web->name), printable(web->created_at));
  fmt::print(
      "tasks             {} ({} bytes), {} changed in 24 hours\nidempotency keys  {}\nstate             {}\n",
      record->tasks, record->bytes, record->changed, record->keys, state_of(*record));
  return kExitOk;
}

// Of the form that the web app's own export has, which it imports.
int export_user_command(const UserRequest& request) {
  const auto person = find_person(request, true);
  if (!person) return person.error();
  const auto record = look_at_user(request.url, person->id);
  if (!record) return refuse(record.error());
  if (!record->is_known() && !person->web) return refuse("nothing is stored of this user");
  JsonWriter user;
  write_user(user, *record, person->web ? &*person->web : nullptr);
  fmt::print("{{\"format\":\"tasklane-tasks\",\"version\":1,\"user\":{},\"tasks\":[", user.take());
  bool first = true;
  const auto done = export_tasks(request.url, person->id, [&](std::string_view task) {
    fmt::print("{}\n{}", first ? "" : ",", task);
    first = false;
  });
  if (!done) return refuse(done.error());
  fmt::print("]}}\n");
  audit("user_exported", person->id);
  return kExitOk;
}

}  // namespace tasklane
