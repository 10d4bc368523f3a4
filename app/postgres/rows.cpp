#include "postgres/rows.h"

#include <endian.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <cstring>

namespace tasklane {

namespace {

// Postgres counts from 2000-01-01T00:00:00Z.
constexpr std::int64_t kEpochDifferenceMicroseconds = 946'684'800'000'000;

std::string_view value(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

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
  return value(result_.get(), row, column);
}

std::optional<std::string_view> Rows::optional_text(int row, int column) const {
  const std::string_view text = value(result_.get(), row, column);
  if (text.empty() && is_null(row, column)) return std::nullopt;
  return text;
}

std::int64_t Rows::integer(int row, int column) const {
  std::uint64_t number = 0;
  const std::string_view bytes = value(result_.get(), row, column);
  if (bytes.size() == sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
  return static_cast<std::int64_t>(be64toh(number));
}

bool Rows::boolean(int row, int column) const {
  return *PQgetvalue(result_.get(), row, column) == 1;  // a null's value is an empty C string
}

std::int64_t Rows::timestamp(int row, int column) const {
  return integer(row, column) + kEpochDifferenceMicroseconds;
}

}  // namespace tasklane
