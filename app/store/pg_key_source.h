#pragma once
// Public keys from Better Auth's `jwks` table, read through the view tasklane_public_keys and the request
// path's own connections. The view hides the private keys, and is empty while the table does not exist.

#include "auth/key_source.h"
#include "postgres/connection_pool.h"

namespace tasklane {

// The keys as a worker reads them.
boost::asio::awaitable<Result<ReadKeys>> read_public_keys(ConnectionPool& pool, Algorithm rsa_algorithm);

class PgKeySource final : public KeySource {
 public:
  PgKeySource(ConnectionPool& pool, Algorithm rsa_algorithm) : pool_(pool), rsa_algorithm_(rsa_algorithm) {}

  boost::asio::awaitable<Result<KeySet>> load() override;

 private:
  ConnectionPool& pool_;
  Algorithm rsa_algorithm_;
};

}  // namespace tasklane
