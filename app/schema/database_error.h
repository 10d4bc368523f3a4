#pragma once
// How a synchronous piece of database work fails: migrations and inspection. The sentence is for the operator
// and never holds a password.

#include <string>

namespace tasklane {

struct DatabaseError {
  enum class Kind {
    temporary,  // unreachable, busy, lost: the same call may succeed later
    permanent,  // a person has to change something
  };
  Kind kind;
  std::string sentence;
};

}  // namespace tasklane
