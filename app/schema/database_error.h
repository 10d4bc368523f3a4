#pragma once
// How a synchronous piece of database work fails: migrations and inspection. The sentence is for the operator
// and never holds a password.

#include <string>
#include <string_view>

namespace tasklane {

struct DatabaseError {
  enum class Kind {
    temporary,  // unreachable, busy, lost: the same call may succeed later
    permanent,  // a person has to change something
  };
  Kind kind;
  std::string sentence;
};

// What libpq says when no connection comes about, in a sentence that begins with `doing`. `url` is the one
// connected to.
DatabaseError connection_error(std::string_view doing, std::string_view url, std::string_view message);

}  // namespace tasklane
