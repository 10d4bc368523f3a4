#pragma once
// `tasklane check`: whether the configuration, and with --db the database, are fit to serve.

#include "cli/command.h"

namespace tasklane {

int check_command(Arguments arguments);

// What --db looks at, told on stdout; the exit status.
int check_database(const Config& config, const std::string& sql_folder);

}  // namespace tasklane
