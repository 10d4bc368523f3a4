#pragma once
// Entity tags (RFC 9110, section 8.8.3) and the two headers that name them, If-Match and If-None-Match.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tasklane {

// As it stands in a header. Empty: there is none.
class EntityTag {
 public:
  EntityTag() = default;
  static EntityTag of_version(std::int64_t version);     // "17"
  static EntityTag of_state(std::uint64_t hash);         // "9f86d081884c7d65"
  static EntityTag weak_of_content(std::uint64_t hash);  // W/"9f86d081884c7d65"

  bool empty() const { return length_ == 0; }
  std::string_view text() const {
    return empty() ? std::string_view() : header().substr(kName.size(), length_ - kName.size() - 2);
  }
  // The whole line with its end, as an answer takes it.
  std::string_view header() const { return {line_.data(), length_}; }

 private:
  static constexpr std::string_view kName = "ETag: ";
  static EntityTag of_hash(std::string_view form, std::uint64_t hash);  // in the place of 16 zeros

  // The longest: "9223372036854775807", W/ and 16 digits in quotes.
  std::array<char, kName.size() + 22 + 2> line_{};
  std::uint8_t length_ = 0;
};

// What such a header says.
struct EntityTags {
  struct Entry {
    std::string_view opaque;  // with its quotes
    bool weak;
  };
  bool any = false;  // "*": whatever there is
  std::vector<Entry> entries = {};

  bool has_weak() const;
  // Whether `tag` is named; by the weak comparison (section 8.8.3.2), as If-None-Match asks for.
  bool names(const EntityTag& tag) const;
  // The versions that are named strongly. Other tags are of no task.
  std::vector<std::int64_t> versions() const;
};

// Views into `text`. validation_error at ("header", name) for what is neither "*" nor a list of tags.
Result<EntityTags> read_entity_tags(std::string_view name, std::string_view text);

struct Request;
// nullopt: the header was not sent.
Result<std::optional<EntityTags>> read_if_none_match(const Request& request);

}  // namespace tasklane
