#include "postgres/rows.h"

#include <libpq-fe.h>

#include <cstdlib>

namespace tasklane {

namespace {

// Postgres counts from 2000-01-01T00:00:00Z.
constexpr std::int64_t kEpochDifferenceMicroseconds = 946'684'800'000'000;

}  // namespace

int Rows::size() const {
  return result_ ? PQntuples(result_.get()) : 0;
}

std::int64_t Rows::affected() const {
  // PQcmdTuples takes a non-const result but does not change it.
  return result_ ? std::atoll(PQcmdTuples(const_cast<PGresult*>(result_.get()))) : 0;
}

bool Rows::is_null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::optional<std::string_view> Rows::optional_text(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}

std::int64_t Rows::integer(int row, int column) const {
  std::uint64_t value = 0;
  for (const char byte : text(row, column)) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

bool Rows::boolean(int row, int column) const {
  return text(row, column) == std::string_view("\1", 1);
}

std::int64_t Rows::timestamp(int row, int column) const {
  return integer(row, column) + kEpochDifferenceMicroseconds;
}

}  // namespace tasklane
