#pragma once
// The names of a token's issuer and audience. Those that are URLs are the same in spite of what RFC 3986
// section 6.2 calls equivalent and people write either way: case of scheme and host, the scheme's own port,
// one slash at the end of the path. Everything else counts: the realms of one host stay apart.

#include <string>
#include <string_view>

namespace tasklane {

// The form to compare by. What is no URL stays as it is.
std::string normalised_party(std::string_view name);

bool same_party(std::string_view one, std::string_view other);

}  // namespace tasklane
