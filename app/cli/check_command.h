#pragma once
// `tasklane check`: whether the configuration, and with --db the database, are fit to serve.

#include "cli/command.h"

namespace tasklane {

int check_command(Arguments arguments);

}  // namespace tasklane
