#pragma once
// `tasklane user`: what an operator does for and against one user. docs/operations/users.md

#include "cli/command.h"
#include "cli/user_request.h"

namespace tasklane {

int user_command(Arguments arguments);

// Those that change nothing; each returns the status to exit with.
int list_users_command(const UserRequest& request);
int top_users_command(const UserRequest& request);
int show_user_command(const UserRequest& request);
int export_user_command(const UserRequest& request);

}  // namespace tasklane
