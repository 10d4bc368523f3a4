#pragma once
// Values that are still the documents' examples. Programs start with them, and no request succeeds:
// `tasklane check` refuses them.

#include "base/config.h"

namespace tasklane {

ConfigMistakes example_values(const Config& config);

}  // namespace tasklane
