#pragma once
// Public keys from Better Auth's table, read through functions of sql/ and the request path's own
// connections. These hide the private keys, and there is no key while the table does not exist.

#include <string>

#include "auth/key_source.h"
#include "postgres/connection_pool.h"

namespace tasklane {

// Where keys are and what an RSA key without an algorithm is for.
struct KeyOrigin {
  std::string table = "jwks";  // AUTH_JWKS_TABLE
  Algorithm rsa_algorithm = Algorithm::RS256;
};
KeyOrigin key_origin(const Config& config);

// The keys as a worker reads them. service_unavailable, with what to do in Error::why, when they cannot be
// read: no request is to blame, whatever the database says.
boost::asio::awaitable<Result<ReadKeys>> read_public_keys(ConnectionPool& pool, const KeyOrigin& origin);

class PgKeySource final : public KeySource {
 public:
  PgKeySource(ConnectionPool& pool, KeyOrigin origin) : pool_(pool), origin_(std::move(origin)) {}

  boost::asio::awaitable<Result<KeySet>> load() override;

 private:
  ConnectionPool& pool_;
  KeyOrigin origin_;
};

}  // namespace tasklane
