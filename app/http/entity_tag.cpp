#include "http/entity_tag.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "base/text.h"
#include "http/message.h"

namespace tasklane {

namespace {

constexpr std::string_view kWeak = "W/";

constexpr auto kHexOfByte = [] {
  std::array<std::array<char, 2>, 256> hex{};
  for (std::size_t byte = 0; byte < hex.size(); ++byte)
    hex[byte] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}();

std::unexpected<Error> bad_header(std::string_view name) {
  std::string sentence = fmt::format("{} must be * or a list of entity tags such as \"3\"", name);
  FieldError fault{.loc = {"header", std::string(name)}, .msg = sentence, .type = "string_pattern_mismatch"};
  Error error{.type = ErrorType::validation_error, .detail = std::move(sentence)};
  error.errors.push_back(std::move(fault));
  return std::unexpected(std::move(error));
}

// etagc, section 8.8.3.
bool may_be_in_tag(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// Takes the tag that the text begins with. A comma may stand in it.
std::optional<EntityTags::Entry> take_tag(std::string_view& text) {
  EntityTags::Entry entry{.opaque = {}, .weak = text.starts_with(kWeak)};
  if (entry.weak) text.remove_prefix(kWeak.size());
  if (!text.starts_with('"')) return std::nullopt;
  const auto end = text.find('"', 1);
  if (end == std::string_view::npos || !std::ranges::all_of(text.substr(1, end - 1), may_be_in_tag))
    return std::nullopt;
  entry.opaque = text.substr(0, end + 1);
  text.remove_prefix(end + 1);
  return entry;
}

}  // namespace

EntityTag EntityTag::of_version(std::int64_t version) {
  EntityTag tag;
  char* const end = fmt::format_to(tag.line_.data(), FMT_COMPILE("ETag: \"{}\"\r\n"), version);
  tag.length_ = static_cast<std::uint8_t>(end - tag.line_.data());
  return tag;
}

EntityTag EntityTag::of_hash(std::string_view form, std::uint64_t hash) {
  EntityTag tag;
  tag.length_ = static_cast<std::uint8_t>(form.copy(tag.line_.data(), tag.line_.size()));
  for (std::size_t i = form.size() - 5; hash != 0; i -= 2, hash >>= 8)
    std::memcpy(&tag.line_[i], kHexOfByte[hash & 255].data(), 2);
  return tag;
}

EntityTag EntityTag::of_state(std::uint64_t hash) {
  return of_hash("ETag: \"0000000000000000\"\r\n", hash);
}

EntityTag EntityTag::weak_of_content(std::uint64_t hash) {
  return of_hash("ETag: W/\"0000000000000000\"\r\n", hash);
}

bool EntityTags::has_weak() const {
  return std::ranges::any_of(entries, &Entry::weak);
}

bool EntityTags::names(const EntityTag& tag) const {
  if (any) return true;
  std::string_view opaque = tag.text();
  if (opaque.starts_with(kWeak)) opaque.remove_prefix(kWeak.size());
  return std::ranges::find(entries, opaque, &Entry::opaque) != entries.end();
}

std::vector<std::int64_t> EntityTags::versions() const {
  std::vector<std::int64_t> versions;
  for (const auto& [opaque, weak] : entries) {
    const auto digits = opaque.substr(1, opaque.size() - 2);
    const auto version = parse_number<std::int64_t>(digits);
    if (!weak && version && *version > 0 && digits.front() != '0') versions.push_back(*version);
  }
  return versions;
}

// Section 5.6.1.2: empty elements of a list count for nothing.
Result<EntityTags> read_entity_tags(std::string_view name, std::string_view text) {
  text = trim(text);
  if (text == "*") return EntityTags{.any = true};
  EntityTags tags;
  while (!text.empty()) {
    if (!text.starts_with(',')) {
      const auto entry = take_tag(text);
      if (!entry) return bad_header(name);
      tags.entries.push_back(*entry);
    }
    text = trim(text);
    if (text.empty()) break;
    if (!text.starts_with(',')) return bad_header(name);
    text = trim(text.substr(1));
  }
  if (tags.entries.empty()) return bad_header(name);
  return tags;
}

Result<std::optional<EntityTags>> read_if_none_match(const Request& request) {
  if (request.if_none_match.empty()) return std::nullopt;
  return read_entity_tags("If-None-Match", request.if_none_match);
}

}  // namespace tasklane
