#pragma once
// `tasklane maintenance` and `tasklane read-only`: files in STATE_FOLDER that nginx and the workers look at,
// so that both count at once, outlive restarts, and need no reload.

#include <expected>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace tasklane {

int maintenance_command(Arguments arguments);
int read_only_command(Arguments arguments);

// The Problem that nginx answers with; REQUEST-ID stands where it puts the request's id. Or what is wrong
// with the message.
std::expected<std::string, std::string> maintenance_problem(std::string_view message);

// For HTML's text.
std::string html_text(std::string_view text);

}  // namespace tasklane
