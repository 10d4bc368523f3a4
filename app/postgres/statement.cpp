#include "postgres/statement.h"

namespace tasklane {

void Parameters::put(std::string_view bytes) {
  put(Value{.offset = bytes_.size(), .length = static_cast<int>(bytes.size())});
  bytes_ += bytes;
}

Parameters& Parameters::text(std::string_view value) {
  put(value);
  return *this;
}

Parameters& Parameters::optional_text(const std::optional<std::string>& value) {
  return value ? text(*value) : null();
}

Parameters& Parameters::integer(std::int64_t value) {
  char bytes[8];  // network byte order
  for (unsigned i = 0; i < 8; ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (56 - 8 * i));
  put(std::string_view(bytes, sizeof bytes));
  return *this;
}

// array_send in Postgres' arrayfuncs.c: dimensions, whether there are nulls, the elements' type, the one
// dimension's length and its first index, then each element with its length.
Parameters& Parameters::integers(std::span<const std::int64_t> values) {
  constexpr std::uint64_t kBigintOid = 20;
  std::string bytes;
  const auto append = [&bytes](std::uint64_t number, int count) {
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8)
      bytes += static_cast<char>(number >> shift & 0xff);
  };
  for (const std::uint64_t word :
       {std::uint64_t{1}, std::uint64_t{0}, kBigintOid, std::uint64_t{values.size()}, std::uint64_t{1}})
    append(word, 4);
  for (const std::int64_t value : values) {
    append(8, 4);
    append(static_cast<std::uint64_t>(value), 8);
  }
  put(bytes);
  return *this;
}

Parameters& Parameters::timestamp(std::int64_t microseconds) {
  return integer(microseconds - kEpochDifferenceMicroseconds);
}

Parameters& Parameters::boolean(bool value) {
  put(std::string_view(value ? "\1" : "\0", 1));
  return *this;
}

Parameters& Parameters::optional_boolean(std::optional<bool> value) {
  return value ? boolean(*value) : null();
}

Parameters& Parameters::bytes(std::span<const std::uint8_t> value) {
  put(std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
  return *this;
}

Parameters& Parameters::null() {
  put(Value{.offset = 0, .length = -1});
  return *this;
}

const char* Parameters::data(std::size_t index) const {
  return values_[index].length < 0 ? nullptr : bytes_.data() + values_[index].offset;
}

}  // namespace tasklane
