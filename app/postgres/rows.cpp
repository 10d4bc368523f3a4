#include "postgres/rows.h"

#include <endian.h>
#include <libpq-fe.h>

#include <cstring>

#include "base/limits.h"
#include "base/text.h"
#include "postgres/statement.h"

namespace tasklane {

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

// Where there is no result, no such row or no such column, libpq answers with a null pointer and 0 bytes.
std::optional<std::string_view> Rows::text(int row, int column) const {
  const char* const bytes = PQgetvalue(result_.get(), row, column);
  const int length = PQgetlength(result_.get(), row, column);
  if (length == 0 && (bytes == nullptr || PQgetisnull(result_.get(), row, column) != 0)) return std::nullopt;
  return std::string_view(bytes, static_cast<std::size_t>(length));
}

std::optional<std::int64_t> Rows::integer(int row, int column) const {
  std::uint64_t number = 0;
  if (PQgetlength(result_.get(), row, column) != sizeof number) return std::nullopt;
  std::memcpy(&number, PQgetvalue(result_.get(), row, column), sizeof number);
  return static_cast<std::int64_t>(be64toh(number));
}

std::optional<bool> Rows::boolean(int row, int column) const {
  if (PQgetlength(result_.get(), row, column) != 1) return std::nullopt;
  const char byte = *PQgetvalue(result_.get(), row, column);
  if (byte != 0 && byte != 1) return std::nullopt;
  return byte == 1;
}

std::optional<std::int64_t> Rows::timestamp(int row, int column) const {
  const auto since_2000 = integer(row, column);
  if (!since_2000 || *since_2000 < limits::kTimestampMinMicroseconds - kEpochDifferenceMicroseconds ||
      *since_2000 > limits::kTimestampMaxMicroseconds - kEpochDifferenceMicroseconds)
    return std::nullopt;
  return *since_2000 + kEpochDifferenceMicroseconds;
}

}  // namespace tasklane
