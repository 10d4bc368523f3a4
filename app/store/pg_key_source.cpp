#include "store/pg_key_source.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "store/statements.h"

namespace tasklane {

boost::asio::awaitable<Result<ReadKeys>> read_public_keys(ConnectionPool& pool, Algorithm rsa_algorithm) {
  const auto rows = co_await pool.run(statements::kPublicKeys, limits::kRequestDeadline);
  if (!rows) co_return std::unexpected(rows.error());
  ReadKeys read;
  for (int row = 0; row < rows->size(); ++row) {
    const auto text = [&](int place) { return rows->text(row, place).value_or(""); };
    const auto kid = text(place_of("kid", statements::kKey));
    const auto added = read.keys.add_jwk(text(place_of("jwk", statements::kKey)), kid,
                                         text(place_of("alg", statements::kKey)), rsa_algorithm);
    if (!added) read.skipped.push_back(fmt::format("key {}: {}", kid, added.error()));
  }
  co_return read;
}

boost::asio::awaitable<Result<KeySet>> PgKeySource::load() {
  auto read = co_await read_public_keys(pool_, rsa_algorithm_);
  if (!read) co_return std::unexpected(std::move(read.error()));
  for (const auto& why : read->skipped) log::warning("a public key cannot be used", {{"why", why}});
  co_return std::move(read->keys);
}

}  // namespace tasklane
