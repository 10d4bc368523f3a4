#pragma once
// `tasklane setup`: sets this host up. The work is that of a shell program, PREFIX/libexec/tasklane/setup,
// whose every step is a command that it can print; this one becomes it, with the same arguments.

#include "cli/command.h"

namespace tasklane {

// Returns only when that program is not there (a build, or an installation without the package).
int setup_command(Arguments arguments);

}  // namespace tasklane
