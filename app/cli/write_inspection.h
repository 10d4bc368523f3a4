#pragma once
// What `tasklane check --db` finds out by doing it: a worker's statements read and write, for users whose
// rows an engine of several nodes keeps on all of them. All is rolled back.

#include <string>

#include "schema/inspection.h"

namespace tasklane {

// Bad when a statement fails: requests would, too.
Finding inspect_writes(const std::string& url);

}  // namespace tasklane
