#pragma once
// Users' marks from their table, through the request path's own connections.

#include <vector>

#include "auth/user_marks.h"
#include "postgres/connection_pool.h"

namespace tasklane {

class PgMarkSource final : public MarkSource {
 public:
  explicit PgMarkSource(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<Result<std::vector<UserMark>>> changed_since(std::int64_t change) override;

 private:
  ConnectionPool& pool_;
};

}  // namespace tasklane
