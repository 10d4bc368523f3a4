#pragma once
// Requests as tests write them.

#include <deque>
#include <string>
#include <string_view>

#include "http/message.h"

namespace tasklane {

// A text that outlives every request.
inline std::string_view keep(std::string text) {
  static std::deque<std::string> kept;
  return kept.emplace_back(std::move(text));
}

inline Request make_request(std::string method, std::string target) {
  Request request{};
  request.method = keep(std::move(method));
  request.target = keep(std::move(target));
  request.request_id = "test-request";
  request.received = request.read = std::chrono::steady_clock::now();
  return request;
}

inline Request with_body(std::string method, std::string target, std::string body,
                         std::string content_type = "application/json") {
  Request request = make_request(std::move(method), std::move(target));
  request.body = std::move(body);
  request.content_type = keep(std::move(content_type));
  return request;
}

// The value of a response's header; empty: it has none.
inline std::string header_of(const Response& response, std::string_view name) {
  if (name == "ETag") return std::string(response.etag.text());
  for (const auto& [header, value] : response.headers) {
    if (header == name) return value;
  }
  return {};
}

}  // namespace tasklane
