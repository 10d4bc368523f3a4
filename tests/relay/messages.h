#pragma once
// Splits one direction of a PostgreSQL connection into messages (protocol 3; PostgreSQL manual, "Message
// Formats") and reads from them what a relay has to know. Bytes pass by; nothing is changed.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace relay {

// The first four bytes of a text, as a number in network byte order.
std::uint32_t number_of(std::string_view bytes);

// One direction. Before `typed` is set, messages have no type byte: a client's start-up is like that.
class MessageReader {
 public:
  explicit MessageReader(bool begins_typed) : typed(begins_typed) {}

  // Calls on_message(type, body) for each message that these bytes complete; the type of a start-up message
  // is 0.
  template <class Handler>
  void feed(std::string_view bytes, Handler on_message) {
    unread_ += bytes;
    std::size_t at = 0;
    while (true) {
      const std::string_view rest = std::string_view(unread_).substr(at);
      const std::size_t head = typed ? 5 : 4;
      if (rest.size() < head) break;
      const std::size_t size = head - 4 + number_of(rest.substr(head - 4));
      if (rest.size() < size) break;
      on_message(typed ? rest[0] : '\0', rest.substr(head, size - head));
      at += size;
    }
    unread_.erase(0, at);
  }

  bool typed;

 private:
  std::string unread_;
};

// The codes of start-up messages that are not the start of a session.
constexpr std::uint32_t kCancelRequest = 80877102;
constexpr std::uint32_t kTlsRequest = 80877103;
constexpr std::uint32_t kGssRequest = 80877104;

// Which prepared statements of a connection change something, by their SQL.
class KnownStatements {
 public:
  void parsed(std::string_view parse_body);
  bool binds_a_write(std::string_view bind_body) const;
  static bool writes(std::string_view sql);

 private:
  std::map<std::string, bool, std::less<>> writes_;
};

// An error message of severity FATAL: what a server says before it ends a connection.
std::string fatal_error(std::string_view sqlstate, std::string_view message);

}  // namespace relay
