#pragma once
// What `tasklane user VERB [WHO]` is asked, read once for all verbs, and whom WHO means.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/web_users.h"
#include "schema/user_records.h"

namespace tasklane {

struct UserRequest {
  std::string verb;
  std::string who;  // an id or an e-mail; empty for verbs that take none
  Options options;
  std::string url;         // as the tables' owner
  std::string keys_table;  // Better Auth's; empty: keys do not come from the database

  bool json() const { return options.has("json"); }
  int limit(int otherwise) const;  // --limit, checked before
};

// The status to exit with when it is not one, or was only a question for help.
std::expected<UserRequest, int> read_user_request(Arguments arguments);

struct Person {
  std::string id;
  std::optional<WebUser> web;  // as Better Auth has them, where it was asked
};

// An e-mail is looked up in Better Auth. An id is taken as it is, and with `details` looked up where Better
// Auth can be asked. Or the status to exit with, after a sentence on stderr.
std::expected<Person, int> find_person(const UserRequest& request, bool details = false);

// Whether the operator wants it: by --yes, or by an answer on the terminal. False: told on stderr.
bool is_confirmed(const UserRequest& request, const std::string& question);

}  // namespace tasklane
