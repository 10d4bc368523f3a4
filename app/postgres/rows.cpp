#include "postgres/rows.h"

#include <endian.h>
#include <libpq-fe.h>

#include <cstring>

#include "base/limits.h"
#include "base/text.h"

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
  if (!result_) return 0;
  return parse_number<std::int64_t>(PQcmdTuples(const_cast<PGresult*>(result_.get()))).value_or(0);
}

int Rows::columns() const {
  return result_ ? PQnfields(result_.get()) : 0;
}

// libpq answers for a place that is not there, too, by a null pointer.
std::optional<std::string_view> Rows::text(int row, int column) const {
  const char* const bytes = result_ ? PQgetvalue(result_.get(), row, column) : nullptr;
  if (bytes == nullptr) return std::nullopt;
  const auto length = static_cast<std::size_t>(PQgetlength(result_.get(), row, column));
  if (length == 0 && PQgetisnull(result_.get(), row, column) != 0) return std::nullopt;
  return std::string_view(bytes, length);
}

std::optional<std::int64_t> Rows::integer(int row, int column) const {
  const auto bytes = text(row, column);
  std::uint64_t number = 0;
  if (!bytes || bytes->size() != sizeof number) return std::nullopt;
  std::memcpy(&number, bytes->data(), sizeof number);
  return static_cast<std::int64_t>(be64toh(number));
}

std::optional<bool> Rows::boolean(int row, int column) const {
  const auto bytes = text(row, column);
  if (!bytes || bytes->size() != 1 || static_cast<unsigned char>(bytes->front()) > 1) return std::nullopt;
  return bytes->front() == 1;
}

std::optional<std::int64_t> Rows::timestamp(int row, int column) const {
  const auto since_2000 = integer(row, column);
  if (!since_2000 || *since_2000 < limits::kTimestampMinMicroseconds - kEpochDifferenceMicroseconds ||
      *since_2000 > limits::kTimestampMaxMicroseconds - kEpochDifferenceMicroseconds)
    return std::nullopt;
  return *since_2000 + kEpochDifferenceMicroseconds;
}

}  // namespace tasklane
