#pragma once
// `tasklane status`: what the workers are doing, once or every second.

#include "cli/command.h"

namespace tasklane {

int status_command(Arguments arguments);

}  // namespace tasklane
