#include "store/pg_key_source.h"

#include <fmt/format.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/statements.h"

namespace tasklane {

namespace {

ConnectionPool::Execution select_keys(ConnectionPool& pool, const std::string& table) {
  if (table == "jwks") return pool.run(statements::kPublicKeys, limits::kRequestDeadline);
  return pool.run(statements::kPublicKeysIn, KeyTable(table));
}

// The rights are the cause that an operator can make, and mend.
boost::asio::awaitable<Error> why_unreadable(ConnectionPool& pool, const std::string& table, Error cause) {
  if (cause.type == ErrorType::service_unavailable) co_return cause;
  const auto rights = co_await pool.run(statements::kKeyRights, KeyTable(table), limits::kReadinessTimeout);
  const auto missing =
      rights ? rights->text(0, place_of("missing", statements::kMissing)).value_or("") : std::string_view();
  co_return Error{.type = ErrorType::service_unavailable,
                  .detail = "Keys to verify tokens with cannot be read",
                  .why = missing.empty() ? "the database refuses the statement, for the reason in the log"
                                         : fmt::format("a right is missing: {}", missing)};
}

}  // namespace

KeyOrigin key_origin(const Config& config) {
  return {.table = config.jwks_table, .rsa_algorithm = rsa_algorithm(config)};
}

boost::asio::awaitable<Result<ReadKeys>> read_public_keys(ConnectionPool& pool, const KeyOrigin& origin) {
  const auto rows = co_await select_keys(pool, origin.table);
  if (!rows) co_return std::unexpected(co_await why_unreadable(pool, origin.table, rows.error()));
  ReadKeys read;
  for (int row = 0; row < rows->size(); ++row) {
    const auto text = [&](int place) { return rows->text(row, place).value_or(""); };
    const auto kid = text(place_of("kid", statements::kKey));
    if (read.keys.size() == limits::kKeySetKeysMax) {  // the newest come first
      read.skipped.push_back(
          fmt::format("key {} and all older ones: only the newest {} count", kid, limits::kKeySetKeysMax));
      break;
    }
    const auto added = read.keys.add_jwk(text(place_of("jwk", statements::kKey)), kid,
                                         text(place_of("alg", statements::kKey)), origin.rsa_algorithm);
    if (!added) read.skipped.push_back(fmt::format("key {}: {}", kid, added.error()));
  }
  co_return read;
}

boost::asio::awaitable<Result<KeySet>> PgKeySource::load() {
  auto read = co_await read_public_keys(pool_, origin_);
  if (!read) co_return std::unexpected(std::move(read.error()));
  for (const auto& why : read->skipped) log::warning("a public key cannot be used", {{"why", why}});
  co_return std::move(read->keys);
}

}  // namespace tasklane
