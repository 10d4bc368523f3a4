#pragma once
// Values that were left as the documents have them. Programs would start with them and serve nobody, so
// `tasklane check` refuses them.

#include "base/config.h"

namespace tasklane {

ConfigMistakes example_values(const Config& config);

}  // namespace tasklane
