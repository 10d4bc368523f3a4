#pragma once
// `tasklane restore FILE`: a backup into an empty database, with roles, rights and logins, so that Tasklane
// can start on it.

#include "cli/command.h"

namespace tasklane {

int restore_command(Arguments arguments);

}  // namespace tasklane
