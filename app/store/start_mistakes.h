#pragma once
// What keeps workers from starting although the configuration follows its rules. It takes no look at the
// database. Workers and `tasklane check` ask here, so that both refuse the same in the same words.

#include "base/config.h"

namespace tasklane {

ConfigMistakes start_mistakes(const Config& config);

}  // namespace tasklane
