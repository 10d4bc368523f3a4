#pragma once
// Owns an object of a C library by its own free function: Owned<BIGNUM, BN_free>.

#include <memory>

namespace tasklane {

template <auto kFree>
struct Freed {
  void operator()(auto* object) const { kFree(object); }
};

template <class T, auto kFree>
using Owned = std::unique_ptr<T, Freed<kFree>>;

}  // namespace tasklane
