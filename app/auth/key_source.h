#pragma once
// Where public keys come from: the database, a file, or nowhere. The seam between auth and postgres.

#include "auth/key_set.h"
#include "base/awaitable.h"
#include "base/result.h"

namespace tasklane {

class KeySource {
 public:
  virtual ~KeySource() = default;
  // All public keys as they stand now. service_unavailable when the source cannot be reached; the keys known
  // so far stay in force then.
  virtual boost::asio::awaitable<Result<KeySet>> load() = 0;
};

}  // namespace tasklane
