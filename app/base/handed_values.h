#pragma once
// A generation's configuration on its way from the master to its workers: the settings that were given, as
// text, in a sealed memfd. Neither arguments nor the environment nor a file hold it.

#include <expected>
#include <string>

#include "base/config.h"
#include "base/descriptors.h"

namespace tasklane {

// Close-on-exec. Throws std::system_error when the kernel refuses it.
Descriptor hand_values(const GivenValues& values);

// May be read by many, at the same time; or a sentence.
std::expected<GivenValues, std::string> read_handed_values(int fd);

}  // namespace tasklane
