#include "json/json_reader.h"

#include <fmt/format.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/limits.h"
#include "base/text.h"

namespace tasklane {

namespace {

// Numbers are taken as text: RapidJSON 1.1 adds exponent and fraction digits in an int, so that
// 0.0000000001e-2147483639 overflows it and reads far outside a table.
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                            rapidjson::kParseNumbersAsStringsFlag;

constexpr std::size_t kPairwiseMembersMax = 16;  // up to here comparing all pairs beats sorting
constexpr std::size_t kNamedKeyMaxBytes = 64;    // a longer key is not repeated to the client

// RapidJSON accepts an escaped low surrogate that stands alone and encodes it as ED A0..BF xx.
bool has_surrogate(std::string_view text) {
  for (auto at = text.find('\xED'); at != text.npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

// The key that an object has more than once; nullptr when all differ.
const std::string* find_duplicate(const JsonValue::Object& members) {
  if (members.size() <= kPairwiseMembersMax) {
    for (auto left = members.begin(); left != members.end(); ++left) {
      for (auto right = left + 1; right != members.end(); ++right) {
        if (left->first == right->first) return &left->first;
      }
    }
    return nullptr;
  }
  std::vector<const std::string*> keys;
  keys.reserve(members.size());
  for (const auto& [key, value] : members) keys.push_back(&key);
  const auto text = [](const std::string* key) -> std::string_view { return *key; };
  std::ranges::sort(keys, {}, text);
  const auto twin = std::ranges::adjacent_find(keys, {}, text);
  return twin == keys.end() ? nullptr : *twin;
}

// Takes RapidJSON's events. A handler that returns false has set `refusal` and ends the parse.
class TreeBuilder {
 public:
  bool Null() { return add(std::monostate()) != nullptr; }
  bool Bool(bool value) { return add(value) != nullptr; }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    if (const auto integer = parse_number<std::int64_t>({text, size})) return add(*integer) != nullptr;
    // Unlike parse_number it tells too small (0) from too large; the text ends with a NUL.
    return add(std::strtod(text, nullptr)) != nullptr;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view string(text, size);
    return accept(string) && add(std::string(string)) != nullptr;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key_.assign(text, size);
    return accept(key_);
  }
  bool StartObject() { return open(JsonValue::Object()); }
  bool StartArray() { return open(JsonValue::Array()); }
  bool EndObject(rapidjson::SizeType) {
    if (const std::string* key = find_duplicate(*open_.back().object)) {
      return refuse(key->size() <= kNamedKeyMaxBytes
                        ? fmt::format("Body has the key \"{}\" more than once", *key)
                        : "Body has a key more than once");
    }
    open_.pop_back();
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    open_.pop_back();
    return true;
  }

  // Asked for by the compiler only: numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  JsonValue& root() { return root_.front(); }
  std::string& refusal() { return refusal_; }

 private:
  // An array or an object that has begun. It stays where it is: what holds it does not grow before it has
  // ended.
  struct Open {
    JsonValue::Array* array;
    JsonValue::Object* object;
  };

  bool refuse(std::string sentence) {
    refusal_ = std::move(sentence);
    return false;
  }

  bool accept(std::string_view string) {
    if (string.contains('\0')) return refuse("Body has the character U+0000 in a string");
    if (has_surrogate(string)) return refuse("Body has a surrogate that is not part of a pair");
    return true;
  }

  bool open(auto container) {
    if (open_.size() == limits::kJsonDepthMax)
      return refuse(fmt::format("Body is nested deeper than {} levels", limits::kJsonDepthMax));
    JsonValue* const value = add(std::move(container));
    open_.push_back({.array = value->array(), .object = value->object()});
    return true;
  }

  JsonValue* add(auto value) {
    if (open_.empty()) return &root_.emplace_back(std::move(value));
    const Open& parent = open_.back();
    if (parent.array != nullptr) return &parent.array->emplace_back(std::move(value));
    return &parent.object->emplace_back(std::move(key_), std::move(value)).second;
  }

  JsonValue::Array root_;  // none or one
  std::vector<Open> open_;
  std::string key_;  // of the member whose value comes next
  std::string refusal_;
};

std::string_view describe(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "it is empty";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "there is more after the end";
    case rapidjson::kParseErrorObjectMissName:
      return "a key is missing";
    case rapidjson::kParseErrorObjectMissColon:
      return "a colon is missing";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "a comma or } is missing";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "a comma or ] is missing";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "an escape or a control character in a string is wrong";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "a surrogate is not part of a pair";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "a string does not end";
    case rapidjson::kParseErrorStringInvalidEncoding:
      return "a string is not UTF-8";
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent:
      return "a number is incomplete";
    case rapidjson::kParseErrorNumberTooBig:
    case rapidjson::kParseErrorNone:
    case rapidjson::kParseErrorValueInvalid:
    case rapidjson::kParseErrorTermination:
    case rapidjson::kParseErrorUnspecificSyntaxError:
      break;
  }
  return "a value is wrong";
}

// Of the number that a text begins with (RFC 8259 section 6); 0: of none.
std::size_t number_length(std::string_view text) {
  const auto digits_from = [&](std::size_t at) {
    return std::min(text.find_first_not_of("0123456789", at), text.size());
  };
  const std::size_t begin = text.starts_with('-') ? 1 : 0;
  std::size_t end = text.substr(begin).starts_with('0') ? begin + 1 : digits_from(begin);
  if (end == begin) return 0;
  if (text.substr(end).starts_with('.')) {
    const std::size_t fraction = end + 1;
    end = digits_from(fraction);
    if (end == fraction) return 0;
  }
  if (end == text.size() || (text[end] != 'e' && text[end] != 'E')) return end;
  const std::size_t sign = end + 1;
  const std::size_t exponent =
      sign < text.size() && (text[sign] == '+' || text[sign] == '-') ? sign + 1 : sign;
  end = digits_from(exponent);
  return end == exponent ? 0 : end;
}

// RapidJSON takes no number that a double has no room for, but it is valid JSON. Here each becomes an empty
// array, which is no number either and is valid in the same places. Offsets stay.
std::string without_huge_numbers(std::string text) {
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') in_string = !in_string;
    if (in_string) {
      if (text[at] == '\\') ++at;
      continue;
    }
    const std::size_t length = number_length(std::string_view(text).substr(at));
    if (length == 0) continue;
    // Of these bytes alone: strtod reads hexadecimal numbers, too.
    if (!std::isfinite(std::strtod(text.substr(at, length).c_str(), nullptr)))
      text.replace(at, length, "[]" + std::string(length - 2, ' '));
    at += length - 1;
  }
  return text;
}

std::unexpected<std::string> invalid(std::string_view what, std::size_t offset) {
  return std::unexpected(fmt::format("Body is not valid JSON: {} at offset {}", what, offset));
}

std::expected<JsonValue, std::string> parse(std::string_view text, bool may_be_huge) {
  if (text.starts_with("\xEF\xBB\xBF")) return invalid("there is a byte order mark", 0);
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  TreeBuilder builder;
  reader.Parse<kFlags>(stream, builder);
  if (reader.GetParseErrorCode() == rapidjson::kParseErrorNumberTooBig && may_be_huge)
    return parse(without_huge_numbers(std::string(text)), false);
  if (!builder.refusal().empty()) return std::unexpected(std::move(builder.refusal()));
  // RapidJSON takes a raw NUL for the end of its input.
  const std::size_t end = stream.Tell();
  if (end < text.size() && text[end] == '\0') return invalid("there is a raw NUL", end);
  if (reader.HasParseError()) return invalid(describe(reader.GetParseErrorCode()), reader.GetErrorOffset());
  return std::move(builder.root());
}

}  // namespace

std::optional<double> JsonValue::number() const {
  if (const auto* whole = integer()) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value_); real != nullptr && std::isfinite(*real)) return *real;
  return std::nullopt;
}

const JsonValue* JsonValue::find(std::string_view key) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, key, &Object::value_type::first);
  return found == members->end() ? nullptr : &found->second;
}

std::expected<JsonValue, std::string> parse_json(std::string_view text) {
  return parse(text, true);
}

}  // namespace tasklane
