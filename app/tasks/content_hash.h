#pragma once
// 64 bits of what a list shows: equal lists have equal ones, others have others but for chance. It does not
// resist a search for collisions: each user sees only their own lists.

#include <cstdint>

#include "tasks/task.h"

namespace tasklane {

// Of each task, in their order, all that an answer has and that can change. The rows as they were read are
// hashed, not the JSON, which an answer of 304 has no need of.
std::uint64_t content_hash(const Tasks& tasks);

std::uint64_t content_hash(const TaskStats& stats);

}  // namespace tasklane
