#pragma once
// One GET of an operator's page straight from the workers' socket (FastCGI 1.0 specification, section 3):
// works without nginx, its TLS and its access rules, for whoever may open the socket.

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace tasklane {

// The answer's body, or a sentence: nobody listens, no answer within `patience`, or a refusal.
std::expected<std::string, std::string> fastcgi_get(const std::string& socket_path, std::string_view target,
                                                    std::chrono::milliseconds patience);

}  // namespace tasklane
