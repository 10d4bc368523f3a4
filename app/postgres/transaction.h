#pragma once
// What stands around several writes that are sent together, and what ends them behind an error.

#include "postgres/statement.h"

namespace tasklane::transaction {

// Prepared on every connection, too.
inline constexpr Statement kBegin{"begin", "BEGIN", Effect::write, {"begin", "BEGIN"}};
inline constexpr Statement kCommit{"commit", "COMMIT", Effect::write, {"commit", "COMMIT"}};
// Unnamed: a name that the server does not know may be what it follows.
inline constexpr Statement kRollback{"rollback", "ROLLBACK", Effect::write, {"rollback", "ROLLBACK"}};

}  // namespace tasklane::transaction
