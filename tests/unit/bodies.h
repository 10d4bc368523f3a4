#pragma once
// A response's body as a client gets it: its beginning, and the pieces behind it.

#include <string>

#include "awaiting.h"
#include "http/message.h"

namespace tasklane {

// Throws where the body breaks off.
inline std::string whole_body(boost::asio::io_context& loop, const Response& response) {
  std::string body = response.body;
  while (response.more) {
    const std::string piece = await(loop, response.more->next()).value();
    if (piece.empty()) break;
    body += piece;
  }
  return body;
}

}  // namespace tasklane
