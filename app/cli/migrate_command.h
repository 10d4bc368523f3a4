#pragma once
// `tasklane migrate`: brings the database's schema up to date.

#include "cli/command.h"

namespace tasklane {

int migrate_command(Arguments arguments);

}  // namespace tasklane
