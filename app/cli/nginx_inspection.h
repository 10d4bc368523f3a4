#pragma once
// What of a host's nginx configuration no site file can undo (docs/operations/beside-others.md): looked for
// in the text that `nginx -T` prints.

#include <string_view>
#include <vector>

#include "base/config.h"
#include "schema/inspection.h"

namespace tasklane {

// Empty for a text without Tasklane's site in it: then there is nothing to judge.
std::vector<Finding> inspect_nginx(const Config& config, std::string_view dump);

}  // namespace tasklane
