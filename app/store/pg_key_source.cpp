#include "store/pg_key_source.h"

#include "base/limits.h"
#include "base/log.h"
#include "store/statements.h"

namespace tasklane {

boost::asio::awaitable<Result<KeySet>> PgKeySource::load() {
  const auto rows = co_await pool_.run(statements::kPublicKeys, limits::kRequestDeadline);
  if (!rows) co_return std::unexpected(rows.error());
  KeySet keys;
  for (int row = 0; row < rows->size(); ++row) {
    const auto text = [&](int place) { return rows->text(row, place).value_or(""); };
    const auto kid = text(place_of("kid", statements::kKey));
    const auto added = keys.add_jwk(text(place_of("jwk", statements::kKey)), kid,
                                    text(place_of("alg", statements::kKey)), rsa_algorithm_);
    if (!added) log::warning("a public key cannot be used", {{"kid", kid}, {"why", added.error()}});
  }
  co_return keys;
}

}  // namespace tasklane
