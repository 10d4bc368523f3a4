#pragma once
// The rows of one answer, in Postgres' binary format. Shares the memory that libpq gave it; the texts it
// returns are views into that memory.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

struct pg_result;

namespace tasklane {

class Rows {
 public:
  Rows() = default;
  explicit Rows(std::shared_ptr<const pg_result> result) : result_(std::move(result)) {}

  int size() const;  // rows returned
  int columns() const;
  std::int64_t affected() const;  // rows changed by an INSERT, UPDATE or DELETE

  // The value in a row and column. None: a null, a value of another form, or there is no such place.
  std::optional<std::string_view> text(int row, int column) const;
  std::optional<std::int64_t> integer(int row, int column) const;  // int8
  std::optional<bool> boolean(int row, int column) const;          // bool
  // timestamptz, as microseconds since 1970; the years 0001 to 9999.
  std::optional<std::int64_t> timestamp(int row, int column) const;

  const std::shared_ptr<const pg_result>& memory() const { return result_; }

 private:
  std::shared_ptr<const pg_result> result_;
};

}  // namespace tasklane
