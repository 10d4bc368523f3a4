#pragma once
// `tasklane reload`, `tasklane upgrade` and `tasklane pool`: one line to the running master's control
// socket (FASTCGI_SOCKET.control), its answer on stdout.

#include "cli/command.h"

namespace tasklane {

int reload_command(Arguments arguments);
int upgrade_command(Arguments arguments);
int pool_command(Arguments arguments);

}  // namespace tasklane
