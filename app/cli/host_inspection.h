#pragma once
// What `tasklane check -t` looks at besides the configuration's own rules: whether this host fits it. Changes
// nothing. Every sentence that is not good ends with what to do.

#include <string_view>
#include <vector>

#include "base/config.h"
#include "schema/inspection.h"

namespace tasklane {

std::vector<Finding> inspect_host(const Config& config);

// Whether a secret of sufficient length is one all the same: empty, or what is wrong with it.
std::string_view weakness(std::string_view secret);

}  // namespace tasklane
