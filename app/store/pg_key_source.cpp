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
    const auto kid = rows->text(row, 0).value_or("");
    const auto added =
        keys.add_jwk(rows->text(row, 1).value_or(""), kid, rows->text(row, 2).value_or(""), rsa_algorithm_);
    if (!added) log::warning("a public key cannot be used", {{"kid", kid}, {"why", added.error()}});
  }
  co_return keys;
}

}  // namespace tasklane
