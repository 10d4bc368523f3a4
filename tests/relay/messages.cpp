#include "messages.h"

#include <algorithm>
#include <array>

namespace relay {

namespace {

std::string_view text_at(std::string_view& body) {
  const std::string_view text = body.substr(0, body.find('\0'));
  body.remove_prefix(std::min(body.size(), text.size() + 1));
  return text;
}

}  // namespace

std::uint32_t number_of(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

bool KnownStatements::writes(std::string_view sql) {
  constexpr std::array verbs{"INSERT", "UPDATE", "DELETE", "insert", "update", "delete"};
  return std::ranges::any_of(verbs, [&](const char* verb) { return sql.find(verb) != sql.npos; });
}

void KnownStatements::parsed(std::string_view parse_body) {
  const std::string_view name = text_at(parse_body);
  writes_.insert_or_assign(std::string(name), writes(text_at(parse_body)));
}

bool KnownStatements::binds_a_write(std::string_view bind_body) const {
  text_at(bind_body);  // the portal
  const auto known = writes_.find(text_at(bind_body));
  return known != writes_.end() && known->second;
}

std::string fatal_error(std::string_view sqlstate, std::string_view message) {
  std::string body;
  for (const auto& [field, text] :
       {std::pair('S', std::string_view("FATAL")), std::pair('V', std::string_view("FATAL")),
        std::pair('C', sqlstate), std::pair('M', message)}) {
    body += field;
    body += text;
    body += '\0';
  }
  body += '\0';
  const auto size = static_cast<std::uint32_t>(body.size() + 4);
  std::string bytes = "E";
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(size >> shift & 0xff);
  return bytes + body;
}

}  // namespace relay
