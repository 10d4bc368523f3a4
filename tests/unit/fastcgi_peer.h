#pragma once
// The web server's side of a FastCGI connection, made by hand (FastCGI specification 1.0, section 3), so that
// tests can send what nginx never would.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptors.h"

namespace tasklane::fcgi {

enum Type : unsigned char { begin = 1, abort = 2, end = 3, params = 4, standard_in = 5, standard_out = 6 };

using Pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string record(Type type, std::string_view content, std::size_t padding = 0, unsigned id = 1) {
  std::string text = {1,
                      static_cast<char>(type),
                      static_cast<char>(id >> 8),
                      static_cast<char>(id),
                      static_cast<char>(content.size() >> 8),
                      static_cast<char>(content.size()),
                      static_cast<char>(padding),
                      0};
  return text.append(content).append(padding, '\7');
}

// A stream: records of at most `chunk` bytes, and the empty one that ends it.
inline std::string stream(Type type, std::string_view content, std::size_t chunk = 0xFFFF) {
  std::string text;
  for (; !content.empty(); content.remove_prefix(std::min(chunk, content.size())))
    text += record(type, content.substr(0, chunk), content.size() % 8);
  return text + record(type, {});
}

inline std::string begin_request(bool keep = true) {
  using namespace std::literals;
  return record(begin, "\0\1"s + (keep ? '\1' : '\0') + "\0\0\0\0\0"s);  // a responder
}

inline std::string encode(Pairs pairs) {
  std::string text;
  const auto length = [&](std::size_t size) {
    if (size < 128) return void(text += static_cast<char>(size));
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>((size | 0x8000'0000U) >> shift);
  };
  for (const auto& [name, value] : pairs) {
    length(name.size());
    length(value.size());
    text.append(name).append(value);
  }
  return text;
}

// A whole request with a body and its right length.
inline std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                           bool keep = true) {
  const std::string length = body.empty() ? std::string() : std::to_string(body.size());
  return begin_request(keep) +
         stream(params,
                encode({{"REQUEST_METHOD", method}, {"REQUEST_URI", target}, {"CONTENT_LENGTH", length}})) +
         stream(standard_in, body);
}

class Peer {
 public:
  explicit Peer(Descriptor connection) : connection_(std::move(connection)) {}

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return;  // the worker has closed; the test sees that when it reads
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void finish_sending() const { ::shutdown(connection_.get(), SHUT_WR); }
  void close() { connection_.reset(); }

  // The standard output of the next answer, once its END_REQUEST is here. Does not wait.
  std::optional<std::string> answer() {
    receive();
    std::string output;
    std::size_t at = 0;
    while (buffer_.size() - at >= 8) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(buffer_[at + i]); };
      const std::size_t length = byte(4) * 256U + byte(5);
      const std::size_t whole = 8 + length + byte(6);
      if (byte(0) != 1) throw std::runtime_error("the worker sent no FastCGI record");
      if (buffer_.size() - at < whole) break;
      const auto type = byte(1);
      if (type == standard_out) output.append(buffer_, at + 8, length);
      at += whole;
      if (type != end) continue;
      buffer_.erase(0, at);
      return output;
    }
    return std::nullopt;
  }
  // Whether the worker has closed the connection.
  bool ended() {
    receive();
    return closed_;
  }
  // And sent nothing that was not read.
  bool closed() {
    receive();
    return closed_ && buffer_.empty();
  }

 private:
  void receive() {
    std::array<char, 65536> chunk;
    while (true) {
      const auto count = ::recv(connection_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
      // Closed with bytes that the worker has not read, it is reset (unix(7)).
      if (count == 0 || (count < 0 && errno == ECONNRESET)) closed_ = true;
      if (count <= 0) return;
      buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    }
  }

  Descriptor connection_;
  std::string buffer_;
  bool closed_ = false;
};

}  // namespace tasklane::fcgi
