#include "tasks/list_cursor.h"

#include <utility>

#include "auth/base64url.h"
#include "auth/sha256.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace tasklane {

namespace {

// Changes with the form of what follows it.
constexpr char kForm = 1;
constexpr std::size_t kDigestBytes = 8;
constexpr std::size_t kHeadBytes = 2 + kDigestBytes;
constexpr std::size_t kNumberBytes = 8;

// What a cursor begins with: its form, the order, the status and a digest of what is searched for.
std::string head_of(ListOrder order, const ListFilter& filter) {
  const int list =
      static_cast<int>(order.key) | (order.descending ? 4 : 0) | static_cast<int>(filter.status) << 3;
  std::string head{kForm, static_cast<char>(list)};
  Sha256 digest{};
  if (filter.search) digest = sha256(*filter.search);
  head.append(reinterpret_cast<const char*>(digest.data()), kDigestBytes);
  return head;
}

void put(std::string& bytes, std::int64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> shift & 0xff);
}

// Of exactly eight bytes.
std::int64_t number_in(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(number);
}

// The key of the order, from the bytes behind the id. Whether it is one that a task can have.
bool take_key(std::string_view bytes, SortKey key, ListPlace& place) {
  switch (key) {
    case SortKey::created_at:
    case SortKey::updated_at:
      if (bytes.size() != kNumberBytes) return false;
      place.time = number_in(bytes);
      return place.time >= limits::kTimestampMinMicroseconds &&
             place.time <= limits::kTimestampMaxMicroseconds;
    case SortKey::title: {
      place.title = bytes;
      const auto length = count_code_points(bytes);
      return length && *length >= 1 && *length <= limits::kTitleMaxCodePoints;
    }
    case SortKey::completed:
      place.completed = bytes == "1";
      return bytes == "0" || bytes == "1";
  }
  std::unreachable();
}

}  // namespace

std::string write_cursor(const ListPlace& place, ListOrder order, const ListFilter& filter) {
  std::string bytes = head_of(order, filter);
  put(bytes, place.id);
  switch (order.key) {
    case SortKey::created_at:
    case SortKey::updated_at:
      put(bytes, place.time);
      break;
    case SortKey::title:
      bytes += place.title;
      break;
    case SortKey::completed:
      bytes += place.completed ? '1' : '0';
      break;
  }
  return encode_base64url(bytes);
}

std::optional<ListPlace> read_cursor(std::string_view text, ListOrder order, const ListFilter& filter) {
  if (text.size() > limits::kCursorMaxCharacters) return std::nullopt;
  const auto decoded = decode_base64url(text);
  if (!decoded || decoded->size() < kHeadBytes + kNumberBytes ||
      !decoded->starts_with(head_of(order, filter)))
    return std::nullopt;
  const std::string_view bytes = *decoded;
  ListPlace place{.id = number_in(bytes.substr(kHeadBytes, kNumberBytes))};
  if (place.id < 1 || place.id > limits::kTaskIdMax) return std::nullopt;
  if (!take_key(bytes.substr(kHeadBytes + kNumberBytes), order.key, place)) return std::nullopt;
  return place;
}

}  // namespace tasklane
