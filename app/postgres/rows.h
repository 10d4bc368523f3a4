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

  int size() const;               // rows returned
  std::int64_t affected() const;  // rows changed by an INSERT, UPDATE or DELETE
  bool is_null(int row, int column) const;
  std::string_view text(int row, int column) const;
  std::optional<std::string_view> optional_text(int row, int column) const;
  std::int64_t integer(int row, int column) const;    // int8; 0 for null
  bool boolean(int row, int column) const;            // bool
  std::int64_t timestamp(int row, int column) const;  // timestamptz, as microseconds since 1970

  const std::shared_ptr<const pg_result>& memory() const { return result_; }

 private:
  std::shared_ptr<const pg_result> result_;
};

}  // namespace tasklane
