#pragma once
// The part of the table of settings that `tasklane nginx-config` writes into nginx's configuration.

#include <span>

#include "base/settings.h"

namespace tasklane {

std::span<const Setting> settings_of_nginx();

}  // namespace tasklane
