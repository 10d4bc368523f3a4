#pragma once
// The forms a configuration's texts may have. What passes can stand in an nginx configuration as it is: these
// values are written into one.

#include <string>
#include <string_view>

namespace tasklane {

// Letters, digits and the characters in `also`, and nothing else: fit for nginx without quotes.
bool is_plain(std::string_view text, std::string_view also);

// ADDRESS or ADDRESS/BITS.
bool is_network(const std::string& text);

// As nginx's listen takes it: an IPv6 address stands in brackets.
bool is_listen_address(const std::string& text);

// RFC 6454 section 6.2: scheme "://" host [":" port], as a browser sends it in Origin: in lower case and
// without the scheme's own port. Anything else would never match.
bool is_origin(std::string_view text);

// As nginx's upstream takes it: host:port, [IPv6]:port or unix:/path.
bool is_upstream(std::string_view text);

}  // namespace tasklane
