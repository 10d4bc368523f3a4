#pragma once
// `tasklane backup FILE`: all of the database in one file, by pg_dump.

#include "cli/command.h"

namespace tasklane {

int backup_command(Arguments arguments);

}  // namespace tasklane
