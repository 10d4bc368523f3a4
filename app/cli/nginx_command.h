#pragma once
// `tasklane nginx-config`: renders nginx's configuration from the templates and the configuration in force.

#include "cli/command.h"

namespace tasklane {

int nginx_config_command(Arguments arguments);

}  // namespace tasklane
