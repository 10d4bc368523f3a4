#pragma once
// Whether a worker's connections may run their statements by the names they have prepared. A pooler in
// transaction mode that knows nothing of prepared statements (PgBouncer before 1.21) gives every transaction
// another server connection, which knows the name by accident only. Then statements go unnamed, text and
// parameters together, for the rest of the worker's life; a reload tries again.

#include <utility>

namespace tasklane {

class PreparedNames {
 public:
  bool usable() const { return usable_; }
  // Whether they had been usable until now.
  bool give_up() { return std::exchange(usable_, false); }

 private:
  bool usable_ = true;
};

}  // namespace tasklane
