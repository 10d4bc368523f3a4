#pragma once
// `tasklane reload`, `upgrade`, `drain` and `pool`: one line to the running master's control
// socket (FASTCGI_SOCKET.control), its answer on stdout.

#include <chrono>
#include <expected>
#include <string>

#include "cli/command.h"

namespace tasklane {

int reload_command(Arguments arguments);
int upgrade_command(Arguments arguments);
int drain_command(Arguments arguments);
int pool_command(Arguments arguments);

// One command and its answer, without the line's end; or a sentence. `socket` is FASTCGI_SOCKET.
std::expected<std::string, std::string> ask_master(const std::string& socket, const std::string& command,
                                                   std::chrono::milliseconds timeout);

}  // namespace tasklane
